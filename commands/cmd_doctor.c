/*
 * reel doctor: what this machine offers, and what, exactly, is missing.
 */
#include <stdio.h>
#include <sys/utsname.h>

#include "commands/command.h"
#include "commands/command_result.h"
#include "commands/doctor_probes.h"
#include "commands/json_text.h"
#include "commands/options.h"
#include "commands/terminal_text.h"

struct report {
    json_t *array;  /* NULL: print for people */
    size_t missing; /* of those needed */
};

static void print_result(const struct probe *probe, const struct probe_result *result)
{
    const char *verdict = result->present ? "ok" : probe->need == PROBE_NEEDED ? "MISSING" : "no";
    printf("%-8s%s", verdict, probe->name);
    if (result->detail[0]) {
        fputs(": ", stdout);
        print_text(stdout, result->detail);
    }
    putchar('\n');
    if (!result->present && probe->without[0])
        printf("        %s%s\n", probe->need == PROBE_NEEDED ? "" : "not needed; without it ",
               probe->without);
}

static json_t *result_json(const struct probe *probe, const struct probe_result *result)
{
    json_t *object = json_object();
    json_put(object, "name", json_text(probe->name));
    json_put(object, "needed", json_boolean(probe->need == PROBE_NEEDED));
    json_put(object, "present", json_boolean(result->present));
    json_put(object, "detail", json_text(result->detail));
    json_put(object, "without", json_text(probe->without));
    return object;
}

static void run_probes(const struct probe *probe, size_t count, struct report *report)
{
    for (size_t i = 0; i < count; i++) {
        struct probe_result result = {0};
        fflush(stdout); /* probes fork */
        probe[i].run(&result);
        if (report->array)
            json_array_append_new(report->array, result_json(&probe[i], &result));
        else
            print_result(&probe[i], &result);
        report->missing += !result.present && probe[i].need == PROBE_NEEDED;
    }
}

static void print_summary(const struct report *report, const struct utsname *kernel)
{
    if (report->missing)
        printf("\nMissing: %zu of what reel needs (marked above).\n", report->missing);
    else
        printf("\nEverything that reel needs is here (%s %s).\n", kernel->sysname, kernel->release);
}

static json_t *report_json(const struct report *report, const struct utsname *kernel)
{
    json_t *object = json_object();
    json_put(object, "reel", json_text(REEL_VERSION));
    json_put(object, "kernel", json_text(kernel->release));
    json_put(object, "ready", json_boolean(report->missing == 0));
    json_put(object, "probes", report->array);
    return object;
}

static int run(int argc, char **argv)
{
    bool json = false;
    const struct option_rule rules[] = {{.name = "json", .flag = &json}};
    int first;
    struct error *error =
        options_parse(argc, argv, rules, ARRAY_LENGTH(rules), OPTIONS_ANYWHERE, &first);
    if (!error)
        error = options_operands(argc, argv, first, 0);
    if (error)
        return command_result(error);
    struct utsname kernel;
    struct report report = {.array = json ? json_array() : NULL};
    uname(&kernel);
    run_probes(probes, probe_count, &report);
    run_probes(place_probes, place_probe_count, &report);
    if (json)
        json_print(report_json(&report, &kernel));
    else
        print_summary(&report, &kernel);
    int status = command_result(NULL);
    return report.missing ? COMMAND_FAILED : status;
}

const struct command cmd_doctor = {
    .name = "doctor",
    .arguments = "[--json]",
    .summary = "says what this machine offers and what, exactly, is missing",
    .help = "Exit status: 0 when everything needed is here, 2 otherwise.\n"
            "  --json  one object\n",
    .run = run,
};
