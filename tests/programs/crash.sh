# A program that crashes, after some work, by a pointer that something else has overwritten.
command=(./program)
expected=139
needs=(gcc)
setup() {
    cat >program.c <<'SOURCE'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
struct list { char name[8]; struct list *volatile next; };
int main(void)
{
    struct list *first = malloc(sizeof *first), *second = malloc(sizeof *second);
    first->next = second;
    second->next = NULL;
    printf("%d: %p %p\n", getpid(), (void *)first, (void *)second);
    fflush(stdout);
    void *volatile name = first->name;
    memset(name, 'x', 12); /* past its end */
    for (struct list *item = first; item; item = item->next)
        printf("%.8s\n", item->name);
    return 0;
}
SOURCE
    gcc -O1 -g -o program program.c
}
