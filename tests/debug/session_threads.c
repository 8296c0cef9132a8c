/* Two threads besides the first one. All three live at the first visit, which is the first
 * thread's; at the second visit that thread is gone. */
#include <pthread.h>

static pthread_barrier_t all_here;
static pthread_t threads[2];
static int visits;

static void visit(int who)
{
    visits += who;
}

static void *first(void *argument)
{
    pthread_barrier_wait(&all_here);
    visit(1);
    return NULL;
}

static void *second(void *argument)
{
    pthread_barrier_wait(&all_here);
    pthread_join(threads[0], NULL);
    visit(10);
    return NULL;
}

int main(void)
{
    pthread_barrier_init(&all_here, NULL, 3);
    pthread_create(&threads[0], NULL, first, NULL);
    pthread_create(&threads[1], NULL, second, NULL);
    pthread_barrier_wait(&all_here);
    pthread_join(threads[1], NULL);
    return visits == 11 ? 0 : 1;
}
