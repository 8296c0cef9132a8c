/* popen, system and a pipeline of programs. */
#include "check.h"

int main(void)
{
    char line[128];
    FILE *pipe_in = popen("echo one two three | tr a-z A-Z | wc -w; echo $$", "r");
    CHECK(pipe_in && fgets(line, sizeof line, pipe_in) && atoi(line) == 3);
    CHECK(fgets(line, sizeof line, pipe_in));
    CHECK(pclose(pipe_in) == 0);
    FILE *out = popen("cat", "w");
    fprintf(out, "to cat: %s", line);
    CHECK(pclose(out) == 0);
    CHECK(WEXITSTATUS(system("exit 3")) == 3);
    CHECK(system("kill -9 $$") == SIGKILL);
    return 0;
}
