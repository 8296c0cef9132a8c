# program: session_loop
break main
continue
next
next
print first
print second
print total
reverse-next
print first
print total
reverse-step
reverse-step
backtrace
reverse-finish
print $pc
stepi
reverse-stepi
print $pc == $pc
break add
continue
continue
print a
print b
reverse-continue
print a
print b
reverse-continue
continue
print a
print b
