"""The library on disk: one encrypted file with documents, vectors and words.

`open_store` opens or makes one with a key; `LibraryKeys` has the key: wrapped by a passphrase
and a recovery key, or, by explicit choice, in a key file. `rekey` gives a store a new key,
`store_health` examines one. Only this package imports apsw and sqlite_vec.
"""

from assistant.store.encrypted_copy import write_copy
from assistant.store.health import StoreHealth, store_health
from assistant.store.key_files import KeyMode, KeyPaths
from assistant.store.key_source import KeyFile, KeySource, StoreKey
from assistant.store.library_keys import LibraryKeys, Unlocked
from assistant.store.open_store import open_store
from assistant.store.rekey import rekey, set_passphrase
from assistant.store.sqlite_store import SqliteStore

__all__ = [
    "KeyFile",
    "KeyMode",
    "KeyPaths",
    "KeySource",
    "LibraryKeys",
    "SqliteStore",
    "StoreHealth",
    "StoreKey",
    "Unlocked",
    "open_store",
    "rekey",
    "set_passphrase",
    "store_health",
    "write_copy",
]
