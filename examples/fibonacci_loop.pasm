; The 20th Fibonacci number, compressed: a loop on the operand stack.
; Comments show the stack behind each step, its top on the right.

    PUSH 0                  ; a
    PUSH 1                  ; a b
    PUSH 20                 ; a b n
again:
    ROT                     ; b n a
    ROT                     ; n a b
    SWAP                    ; n b a
    OVER                    ; n b a b
    ADD                     ; n b a+b
    ROT                     ; b a+b n
    SUBI 1                  ; b a+b n-1
    DUP                     ; b a+b n-1 n-1
    JGTK 0 again            ; b a+b n-1

    2DROP                   ; b
    GETGLOBAL "print"       ; b print
    SWAP                    ; print b
    CALL 1 0
    RETURN0
