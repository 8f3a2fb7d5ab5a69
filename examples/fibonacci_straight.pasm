; The 20th Fibonacci number, expanded: the loop of fibonacci_loop.pasm written out, without jumps and counter.

    PUSH 0                  ; F(0)
    PUSH 1                  ; F(0) F(1)
    2DUP
    ADD                     ; ... F(1) F(2)
    2DUP
    ADD                     ; ... F(2) F(3)
    2DUP
    ADD                     ; ... F(3) F(4)
    2DUP
    ADD                     ; ... F(4) F(5)
    2DUP
    ADD                     ; ... F(5) F(6)
    2DUP
    ADD                     ; ... F(6) F(7)
    2DUP
    ADD                     ; ... F(7) F(8)
    2DUP
    ADD                     ; ... F(8) F(9)
    2DUP
    ADD                     ; ... F(9) F(10)
    2DUP
    ADD                     ; ... F(10) F(11)
    2DUP
    ADD                     ; ... F(11) F(12)
    2DUP
    ADD                     ; ... F(12) F(13)
    2DUP
    ADD                     ; ... F(13) F(14)
    2DUP
    ADD                     ; ... F(14) F(15)
    2DUP
    ADD                     ; ... F(15) F(16)
    2DUP
    ADD                     ; ... F(16) F(17)
    2DUP
    ADD                     ; ... F(17) F(18)
    2DUP
    ADD                     ; ... F(18) F(19)
    2DUP
    ADD                     ; ... F(19) F(20)

    GETGLOBAL "print"
    SWAP                    ; print F(20)
    CALL 1 0
    RETURN0
