# program: session_loop
# Read and access watchpoints, both ways.
break main
continue
rwatch total
continue
reverse-continue
delete
awatch total
continue
continue
continue
reverse-continue
reverse-continue
print total
