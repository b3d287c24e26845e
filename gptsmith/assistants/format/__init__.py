"""The format of a spec: its fields, how it is read, checked and written, and what is wrong with one."""
