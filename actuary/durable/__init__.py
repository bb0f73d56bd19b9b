"""Files that appear whole or not at all, locks, and caches whose damage is found: what every layer writes with.

`files` replaces one file, `folders` a whole output, `locks` lets one run at a time into a place, `checked` keeps what
can be made again under a checksum. The promises are in docs/durability.md.
"""
