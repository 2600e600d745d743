;; Emacs 29 (or eglot 1.9): `M-x eglot' in a buffer of one of these modes starts the server.
(require 'eglot)

(add-to-list
 'eglot-server-programs
 '((text-mode python-mode js-mode ruby-mode sh-mode sql-mode html-mode)
   . ("flaglift" "lsp")))
