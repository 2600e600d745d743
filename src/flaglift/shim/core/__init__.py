"""The rewriting of request bodies, bytes in and bytes out; nothing here opens a connection."""
