"""What the server can tell about a document: pure functions of a document and what was measured on it."""
