;;; emacs.el --- Drives docs/editors/perilune.el  -*- lexical-binding: t -*-

;; Run by test_emacs.py with the folder of perilune.el, a program, and the server's command behind it.  Every line that
;; this writes is a step that went well.

;;; Code:

(package-initialize)
(require 'lua-mode)

(defvar test-arguments (member "--" command-line-args))
(defvar test-program (nth 2 test-arguments))
(push (nth 1 test-arguments) load-path)
(defvar perilune-command (nthcdr 3 test-arguments))
(setq command-line-args-left nil)
(require 'perilune)
(setq perilune-settings (plist-put perilune-settings :profile '(:mode "count")))

(defun step (name holds)
  "Writes NAME once the function HOLDS says yes."
  (let ((deadline (+ (float-time) 30)))
    (while (and (not (funcall holds)) (< (float-time) deadline))
      (accept-process-output nil 0.05))
    (unless (funcall holds)
      (message "failed: %s\n%S" name (mapcar #'flymake-diagnostic-text (flymake-diagnostics)))
      (kill-emacs 1))
    (message "ok: %s" name)))

(defvar said nil)
(advice-add 'message :before (lambda (form &rest rest) (when form (push (apply #'format form rest) said))))

(find-file test-program)
(call-interactively #'eglot)
(step "the server starts" #'eglot-current-server)
(perilune-profile "20")
(step "a run says what it did" (lambda () (seq-find (lambda (text) (string-match-p "^[0-9,]+ instructions" text)) said)))
(goto-char (point-min))
(perilune-next-hot)
(step "the next hot line" (lambda () (= (line-number-at-pos) 2)))
(step "hover tells what it cost"
      (lambda ()
        (let ((answer (jsonrpc-request (eglot--current-server-or-lose) :textDocument/hover
                                       (eglot--TextDocumentPositionParams))))
          (string-match-p "of instructions" (plist-get (plist-get answer :contents) :value)))))
(unless (fboundp 'eglot-inlay-hints-mode)
  (step "the hottest lines are Flymake's notes"
        (lambda ()
          (flymake-start)
          (seq-find (lambda (note) (string-match-p "[0-9.]+% · " (flymake-diagnostic-text note)))
                    (flymake-diagnostics)))))
(perilune-hottest)
(step "the hottest lines are listed"
      (lambda ()
        (with-current-buffer "*perilune*"
          (string-match-p (concat (regexp-quote test-program) ":3: [0-9.]+% · ") (buffer-string)))))
(perilune-metric "count")
(perilune-clear)
(goto-char (point-min))
(perilune-next-hot)
(step "clearing takes the figures away" (lambda () (member "There is no other hot line" said)))
(eglot-shutdown (eglot-current-server))
(message "ok: the server leaves")
;;; emacs.el ends here
