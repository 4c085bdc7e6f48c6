"""The installer that travels in the archive, there called `airgap_installer`.

It runs on a machine where nothing of this program is installed yet: it imports the standard
library and its own modules, nothing else (a test reads every import). The Python that runs
it must be 3.11 or newer; `start.py`, which says so on older ones, is written for any.
"""
