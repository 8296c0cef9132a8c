# ls -lR over some thousands of files: getdents, statx, readlink, the locale, users by name.
command=(ls -lR /usr/share/doc)
