;;; perilune.el --- Perilune by Eglot  -*- lexical-binding: t -*-

;; Emacs 28 with Eglot 1.9, or newer.  Put this file into `load-path', and into your init file:
;;   (require 'perilune)
;;   (add-hook 'lua-mode-hook #'eglot-ensure)
;; Eglot shows hints at line ends from Emacs 29 on; before, the hottest lines are notes of Flymake.

;;; Code:

(require 'eglot)

(defvar perilune-command '("perilune" "lsp") "What starts the server.")

(defvar perilune-settings
  (unless (fboundp 'eglot-inlay-hints-mode) '(:hints (:asDiagnostics t)))
  "The server's settings, as in docs/editors.md.")

(defun perilune-contact (&rest _)
  "What Eglot needs to know of the server."
  (append perilune-command (and perilune-settings (list :initializationOptions perilune-settings))))

(add-to-list 'eglot-server-programs '((lua-mode lua-ts-mode) . perilune-contact))

(defun perilune--uri ()
  "The URI of this buffer's file."
  (eglot--path-to-uri (or buffer-file-name (user-error "This buffer has no file"))))

(defun perilune--execute (name &optional argument)
  "The answer to the server command NAME with ARGUMENT; no time limit but the server's."
  (jsonrpc-request (eglot--current-server-or-lose) :workspace/executeCommand
                   (list :command (concat "perilune.server." name)
                         :arguments (if argument (vector argument) []))
                   :timeout nil))

(defun perilune--run (name argument)
  "Runs the program of this buffer by the server command NAME with ARGUMENT, while you go on working."
  (jsonrpc-async-request (eglot--current-server-or-lose) :workspace/executeCommand
                         (list :command (concat "perilune.server." name) :arguments (vector argument))
                         :success-fn (lambda (report) (when report (message "%s" (plist-get report :message))))
                         :error-fn (lambda (problem) (message "%s" (plist-get problem :message)))
                         :timeout nil))

(defun perilune-profile (arguments)
  "Profiles this buffer's file as a program with ARGUMENTS, separated by spaces."
  (interactive "sArguments: ")
  (perilune--run "profile" (list :uri (perilune--uri) :arguments (vconcat (split-string arguments)))))

(defun perilune-profile-again ()
  "Profiles again what last ran this file."
  (interactive)
  (perilune--run "rerun" (list :uri (perilune--uri))))

(defun perilune-stop ()
  "Stops the program that runs."
  (interactive)
  (perilune--execute "cancel"))

(defun perilune-clear ()
  "Takes the figures away."
  (interactive)
  (perilune--execute "clear" (list :uri (perilune--uri))))

(defun perilune--visit (place)
  "Goes to PLACE, an answer with a uri and a line."
  (find-file (eglot--uri-to-path (plist-get place :uri)))
  (goto-char (point-min))
  (forward-line (plist-get place :line))
  (back-to-indentation))

(defun perilune--jump (name)
  "Goes where the server command NAME says."
  (let ((place (perilune--execute name (list :uri (perilune--uri) :line (1- (line-number-at-pos nil t))))))
    (if place (perilune--visit place) (message "There is no other hot line"))))

(defun perilune-next-hot ()
  "Goes to the next line that cost much."
  (interactive)
  (perilune--jump "nextHot"))

(defun perilune-previous-hot ()
  "Goes to the line before that cost much."
  (interactive)
  (perilune--jump "previousHot"))

(defun perilune-hottest ()
  "Lists the hottest lines in a buffer whose lines lead to them."
  (interactive)
  (let ((spots (plist-get (perilune--execute "hotspots" (list :uri (perilune--uri))) :lines))
        (buffer (get-buffer-create "*perilune*")))
    (with-current-buffer buffer
      (let ((inhibit-read-only t))
        (erase-buffer)
        (seq-do (lambda (spot)
                  (insert (format "%s:%d: %s  %s\n" (eglot--uri-to-path (plist-get spot :uri))
                                  (1+ (plist-get spot :line)) (plist-get spot :label) (plist-get spot :text))))
                spots))
      (grep-mode)
      (goto-char (point-min)))
    (display-buffer buffer)))

(defun perilune-metric (metric)
  "Shows METRIC at line ends."
  (interactive (list (completing-read "Metric: " '("time" "total" "count" "memory" "change" "growth") nil t)))
  (perilune--execute "metric" (list :metric metric)))

(provide 'perilune)
;;; perilune.el ends here
