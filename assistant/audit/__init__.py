"""The audit log: a hash chain of what was done with a library, so that a change shows.

`open_log` opens the log of an open store; `AuditedWorkspace` records what a front end does
with a library, and does nothing that can't be recorded; `append_unsealed` is for what happens
while the library is locked; `verify_library` checks the log and the store's pages.
"""

from assistant.audit.audited_store import AuditedStore
from assistant.audit.audited_workspace import AuditedWorkspace
from assistant.audit.export import Export, read_export, write_export
from assistant.audit.log import AuditLog
from assistant.audit.log_keys import AuditKeys
from assistant.audit.log_reader import LogReader
from assistant.audit.log_record import Record
from assistant.audit.open_log import open_log, restart_log
from assistant.audit.recorder import AuditRecorder
from assistant.audit.rekey_record import rekeying
from assistant.audit.unsealed_records import append_unsealed, changing
from assistant.audit.verify import Finding, Report, verify_library

__all__ = [
    "AuditKeys",
    "AuditLog",
    "AuditRecorder",
    "AuditedStore",
    "AuditedWorkspace",
    "Export",
    "Finding",
    "LogReader",
    "Record",
    "Report",
    "append_unsealed",
    "changing",
    "open_log",
    "read_export",
    "rekeying",
    "restart_log",
    "verify_library",
    "write_export",
]
