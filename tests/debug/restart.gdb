# program: session_loop
set confirm off
break add
continue
continue
print b
monitor checkpoint
delete
run c1
print b
tbreak main
run start
continue
