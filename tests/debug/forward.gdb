# program: session_loop
break main
continue
next
print first
step
next
step
next
step
backtrace
finish
info breakpoints
break add if a == 3
continue
print b
finish
