# program: session_loop
break main
continue
watch total
continue
continue
print total
reverse-continue
print total
reverse-continue
print total
reverse-continue
continue
continue
