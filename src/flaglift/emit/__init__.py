"""AST to fields and back, and fields in the forms that a request takes."""
