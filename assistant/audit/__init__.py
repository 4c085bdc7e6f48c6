"""The log of what was done: chained, so that a change shows.

`open_log` opens the log of an open store; `AuditedWorkspace` records what a front end does
with a library, and does nothing that can't be recorded; `record_unsealed` is for what happens
while the library is locked; `verify_library` checks the log and the store's pages.
"""

from assistant.audit.export import Export, read_export, write_export
from assistant.audit.keys import AuditKeys
from assistant.audit.log import AuditLog
from assistant.audit.opening import open_log, restart_log
from assistant.audit.reading import LogReader, read_log
from assistant.audit.records import Record
from assistant.audit.rekeyed import rekeying
from assistant.audit.stored import AuditedStore
from assistant.audit.trail import AuditTrail
from assistant.audit.unsealed import append_unsealed, changing, record_unsealed
from assistant.audit.verify import Finding, Report, verify_library
from assistant.audit.workspace import AuditedWorkspace

__all__ = [
    "AuditKeys",
    "AuditLog",
    "AuditTrail",
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
    "read_log",
    "record_unsealed",
    "rekeying",
    "restart_log",
    "verify_library",
    "write_export",
]
