"""The evidence room: everything that touches the bytes of photos. The only importer of Pillow, in a child process."""
