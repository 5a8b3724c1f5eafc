// A graph of jobs as make runs it for a project: each source is compiled, objects are put into libraries, libraries are linked. A
// job is a process that executes this program: it looks at the times of its files, reads them, computes, and writes its result under
// another name first. An operation is a job. As many run at a time as there are CPUs, and one more.
#include "smp.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SOURCES = 24, HEADERS = 6, LIBRARIES = 4, EACH_LIBRARY = SOURCES / LIBRARIES };
enum { JOBS = SOURCES + LIBRARIES + 1, FIRST_LIBRARY = SOURCES, LINK = SOURCES + LIBRARIES };
enum { SOURCE_SIZE = 24 * 1024, HEADER_SIZE = 4096, PASSES = 4, BUCKETS = 1024, PIECE = 4096 };

static const char project[] = "/desk/project";
static uint64_t expected;

static void name_of(char* name, const char* kind, int number) {
    sprintf(name, "%s/%s%d", project, kind, number);
}

// ---- Files

static char* load(const char* kind, int number, size_t* size) {
    char name[64];
    struct stat status;
    name_of(name, kind, number);
    REQUIRE(stat(name, &status) == 0);
    const int file = open(name, O_RDONLY);
    REQUIRE(file >= 0);
    char* const text = malloc((size_t)status.st_size + 1);
    REQUIRE(text);
    for (*size = 0; *size < (size_t)status.st_size;) {
        const ssize_t got = read(file, text + *size, PIECE);
        REQUIRE(got > 0);
        *size += (size_t)got;
    }
    close(file);
    text[*size] = 0;
    return text;
}

static void store(const char* kind, int number, const void* content, size_t size) {
    char name[64], temporary[72];
    name_of(name, kind, number);
    sprintf(temporary, "%s.part", name);
    const int file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    REQUIRE(file >= 0);
    for (size_t at = 0; at < size;) {
        const size_t piece = size - at < PIECE ? size - at : PIECE;
        REQUIRE(write(file, (const char*)content + at, piece) == (ssize_t)piece);
        at += piece;
    }
    REQUIRE(close(file) == 0 && rename(temporary, name) == 0);
}

// ---- Jobs

static uint64_t mix(uint64_t hash, uint64_t value) { return (hash ^ value) * 0x100000001b3; }

/// Words of a text, counted in a table: stands for what a compiler does with its tokens.
struct Word {
    struct Word* next;
    uint64_t hash, count;
};

static uint64_t count_words(const char* text, size_t size, struct Word** buckets, uint64_t result) {
    uint64_t hash = 0;
    for (size_t i = 0; i <= size; ++i) {
        if (i < size && text[i] != ' ') {
            hash = mix(hash, (unsigned char)text[i]);
            continue;
        }
        struct Word** place = &buckets[hash % BUCKETS];
        while (*place && (*place)->hash != hash) place = &(*place)->next;
        if (!*place) {
            REQUIRE(*place = calloc(1, sizeof **place));
            (*place)->hash = hash;
        }
        result = mix(result, ++(*place)->count);
        hash = 0;
    }
    return result;
}

static void compile(int number) {
    struct Word** const buckets = calloc(BUCKETS, sizeof *buckets);
    uint64_t* const object = calloc(SOURCE_SIZE / 8, sizeof *object);
    uint64_t result = 1;
    size_t size;
    REQUIRE(buckets && object);
    for (int header = 0; header < HEADERS; ++header) {
        char* const text = load("header", header, &size);
        result = count_words(text, size, buckets, result);
        free(text);
    }
    char* const text = load("source", number, &size);
    for (int pass = 0; pass < PASSES; ++pass) result = count_words(text, size, buckets, result);
    for (int i = 0; i < SOURCE_SIZE / 8; ++i) object[i] = result = mix(result, (uint64_t)i);
    store("object", number, object, SOURCE_SIZE);
    free(text);
    free(object);
    free(buckets);
}

/// Joins files one behind the other. With their hash in front they are a library.
static void join(const char* from, int first, int count, const char* to, int number) {
    size_t used = sizeof(uint64_t), size;
    char* content = malloc(used);
    uint64_t hash = 1;
    for (int i = first; i < first + count; ++i) {
        char* const part = load(from, i, &size);
        REQUIRE(content = realloc(content, used + size));
        memcpy(content + used, part, size);
        for (size_t at = 0; at < size; ++at) hash = mix(hash, (unsigned char)part[at]);
        used += size;
        free(part);
    }
    memcpy(content, &hash, sizeof hash);
    store(to, number, content, used);
    free(content);
}

int do_job(const char* kind, int number) {
    if (strcmp(kind, "compile") == 0)
        compile(number);
    else if (strcmp(kind, "archive") == 0)
        join("object", number * EACH_LIBRARY, EACH_LIBRARY, "library", number);
    else if (strcmp(kind, "link") == 0)
        join("library", 0, LIBRARIES, "program", 0);
    else
        return 1;
    return 0;
}

// ---- The graph

static const char* kind_of(int job) {
    return job < FIRST_LIBRARY ? "compile" : job < LINK ? "archive" : "link";
}
static int number_of(int job) { return job < FIRST_LIBRARY ? job : job < LINK ? job - FIRST_LIBRARY : 0; }
static int needed_by(int job) { return job < FIRST_LIBRARY ? FIRST_LIBRARY + job / EACH_LIBRARY : LINK; }
static int needs(int job) { return job < FIRST_LIBRARY ? 0 : job < LINK ? EACH_LIBRARY : LIBRARIES; }

static pid_t start(int job) {
    char number[16];
    char* words[] = {"/init", "--job", (char*)kind_of(job), number, NULL};
    char* none[] = {NULL};
    pid_t child;
    sprintf(number, "%d", number_of(job));
    REQUIRE(posix_spawn(&child, "/init", NULL, NULL, words, none) == 0);
    return child;
}

static void run_all(void) {
    pid_t running[JOBS] = {0};
    int missing[JOBS], started[JOBS] = {0}, active = 0;
    for (int job = 0; job < JOBS; ++job) missing[job] = needs(job);
    for (int left = JOBS; left > 0;) {
        for (int job = 0; job < JOBS && active <= cpu_count(); ++job) {
            if (started[job] || missing[job]) continue;
            running[job] = start(job);
            started[job] = 1;
            ++active;
        }
        int status = -1;
        const pid_t ended = wait(&status);
        REQUIRE(ended > 0 && status == 0);
        int job = 0;
        while (running[job] != ended) REQUIRE(++job < JOBS);
        --active;
        --left;
        if (job != LINK) --missing[needed_by(job)];
    }
}

static uint64_t result(void) {
    size_t size;
    uint64_t hash;
    char* const content = load("program", 0, &size);
    REQUIRE(size > sizeof hash + (size_t)SOURCES * SOURCE_SIZE);
    memcpy(&hash, content, sizeof hash);
    free(content);
    return hash;
}

static void remove_results(void) {
    for (int job = 0; job < JOBS; ++job) {
        char name[64];
        name_of(name, job < FIRST_LIBRARY ? "object" : job < LINK ? "library" : "program", number_of(job));
        REQUIRE(unlink(name) == 0);
    }
}

static void run_graph(int worker, long count) {
    (void)worker;
    for (; count > 0; count -= JOBS) {
        run_all();
        REQUIRE(result() == expected);
        remove_results();
    }
}
static void prove_graph(int worker) { run_graph(worker, 1); }

static void write_text(const char* kind, int number, size_t size, uint64_t seed) {
    char* const text = malloc(size);
    REQUIRE(text);
    for (size_t i = 0; i < size; ++i) {
        seed = seed * 6364136223846793005 + 1442695040888963407;  // Knuth's MMIX
        text[i] = i % 6 == 5 ? ' ' : (char)('a' + (seed >> 60) % 5);
    }
    store(kind, number, text, size);
    free(text);
}

/// Writes the project, and does its jobs one after the other in this process: what they make is what every run must make.
static void make_project(int workers) {
    (void)workers;
    REQUIRE(mkdir(project, 0755) == 0);
    for (int header = 0; header < HEADERS; ++header)
        write_text("header", header, HEADER_SIZE, 1000 + (uint64_t)header);
    for (int source = 0; source < SOURCES; ++source)
        write_text("source", source, SOURCE_SIZE, (uint64_t)source);
    for (int job = 0; job < JOBS; ++job) REQUIRE(do_job(kind_of(job), number_of(job)) == 0);
    expected = result();
    remove_results();
}

const struct Operation graph_operations[] = {
    {"compile_graph", WHOLE, JOBS, make_project, NULL, prove_graph, run_graph, NULL, NULL},
    {NULL},
};
