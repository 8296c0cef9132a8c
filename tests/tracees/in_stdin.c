/* Input, by line, by character, and pushed back at the end. */
/* stdin: a line of text for the program */
#include "check.h"

int main(void)
{
    char line[128];
    CHECK(getchar() == 'a' && ungetc('a', stdin) == 'a');
    CHECK(fgets(line, sizeof line, stdin) && strncmp(line, "a line of", 9) == 0);
    CHECK(getchar() == EOF && feof(stdin));
    printf("%d: %s", (int)getpid(), line);
    return 0;
}
