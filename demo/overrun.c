/*
 * The demo's program: it takes an order in a shop, and crashes while it prints the receipt.
 *
 * The crash tells nothing: print_receipt() is right, and so was the customer's name when it was
 * set. Something in between wrote over it. demo/run finds out what, backwards.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define NOTE_BYTES 24

struct order {
    unsigned items;
    unsigned cents;
    char note[NOTE_BYTES];
};

struct customer {
    const char *name;
    unsigned points;
};

/* Everything lives in one arena, one object behind the other, and is freed together. */
static _Alignas(16) char arena[4096];
static size_t arena_used;

static void *arena_take(size_t size)
{
    void *object = arena + arena_used;
    arena_used += (size + 7) & ~7ul;
    return object;
}

static struct customer *new_customer(const char *name)
{
    struct customer *customer = arena_take(sizeof(*customer));
    customer->name = name;
    customer->points = 0;
    return customer;
}

static void add_item(struct order *order, const char *item, unsigned cents)
{
    order->items++;
    order->cents += cents;
    printf("  %-12s %3u.%02u\n", item, cents / 100, cents % 100);
    fflush(stdout);
}

/* Appends a word to the order's note, with a space before all but the first. */
static void add_to_note(struct order *order, const char *word)
{
    char *end = order->note + strlen(order->note);
    if (end != order->note)
        *end++ = ' ';
    while (*word)
        *end++ = *word++; /* GUILTY: nothing compares `end` with NOTE_BYTES */
    *end = '\0';
}

static void give_points(struct customer *customer, const struct order *order)
{
    for (unsigned cents = order->cents; cents >= 100; cents -= 100)
        customer->points++;
}

static void print_receipt(const struct customer *customer, const struct order *order)
{
    printf("%u items, %u.%02u\n", order->items, order->cents / 100, order->cents % 100);
    for (const char *at = customer->name; *at; at++)
        putchar(toupper((unsigned char)*at));
    printf(" has %u points\n", customer->points);
}

int main(void)
{
    static const char *const note[] = {"leave", "it", "with", "the", "neighbours", "please"};
    struct order *order = arena_take(sizeof(*order));
    struct customer *customer = new_customer("Ada");
    printf("order of %s\n", customer->name);
    add_item(order, "bread", 320);
    for (size_t i = 0; i < sizeof(note) / sizeof(note[0]); i++)
        add_to_note(order, note[i]);
    add_item(order, "butter", 249);
    add_item(order, "jam", 410);
    give_points(customer, order);
    print_receipt(customer, order);
    return 0;
}
