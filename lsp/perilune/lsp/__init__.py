"""The language server: shows a program's errors and its profile where the program is written."""
