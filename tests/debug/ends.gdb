# program: session_loop
reverse-continue
reverse-stepi
continue
continue
stepi
reverse-stepi
break main
reverse-continue
delete
reverse-continue
break main
continue
