"""The library on disk: one encrypted file with documents, vectors and words.

`open_store` opens or makes one with a key from a `KeySource` (`KeyFile`); `store_health`
examines one. Only this package imports apsw and sqlite_vec.
"""

from assistant.store.health import StoreHealth, store_health
from assistant.store.keys import KeyFile, KeySource, StoreKey
from assistant.store.opening import open_store
from assistant.store.sqlite import SqliteStore

__all__ = [
    "KeyFile",
    "KeySource",
    "SqliteStore",
    "StoreHealth",
    "StoreKey",
    "open_store",
    "store_health",
]
