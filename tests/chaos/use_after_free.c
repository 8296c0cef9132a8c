/* A configuration that readers share and another thread replaces: a reader counts itself only after
 * it has read the pointer, and meanwhile the last count may have gone. */
#include <string.h>

#include "work.h"

struct settings {
    long users;
    long limit;
    char name[64];
};

static struct settings *current;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct settings *settings_new(const char *name, long limit)
{
    struct settings *settings = calloc(1, sizeof(*settings));
    if (!settings)
        abort();
    settings->users = 1;
    settings->limit = limit;
    strcpy(settings->name, name);
    return settings;
}

static void settings_release(struct settings *settings)
{
    pthread_mutex_lock(&lock);
    long left = --settings->users;
    pthread_mutex_unlock(&lock);
    if (!left)
        free(settings);
}

static struct settings *settings_use(void)
{
    struct settings *settings = current;
    pthread_mutex_lock(&lock);
    settings->users++;
    pthread_mutex_unlock(&lock);
    return settings;
}

#define REQUESTS 4

static void *serve(void *argument)
{
    long parts = 0;
    for (int i = 0; i < REQUESTS; i++) {
        long sum = read_amounts(30000, 9);
        struct settings *settings = settings_use();
        if (settings->limit != 100 && settings->limit != 200)
            abort();
        parts += sum % settings->limit;
        settings_release(settings);
    }
    return (void *)parts;
}

static void *reload(void *argument)
{
    for (int i = 0; i < REQUESTS; i++) {
        long limit = read_amounts(10000, 9) ? 200 : 100;
        struct settings *former = current;
        current = settings_new("reloaded", limit);
        settings_release(former);
    }
    return NULL;
}

int main(void)
{
    pthread_t server, reloader;
    current = settings_new("default", 100);
    start(&server, serve, NULL);
    start(&reloader, reload, NULL);
    pthread_join(server, NULL);
    pthread_join(reloader, NULL);
    puts(current->name);
    return 0;
}
