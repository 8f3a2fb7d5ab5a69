"""Handlers of requests and commands: they convert, call, and convert back. Importing a module registers its handlers."""
