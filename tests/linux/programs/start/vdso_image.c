// The vDSO as a shared object: its tables, symbols and versions, what its functions answer, and what may be done to its memory.
#include <elf.h>
#include "check.h"

static char *image, *vvar, *vvar_end, *image_end;

static void find_areas(void) {
    FILE* maps = fopen("/proc/self/maps", "r");
    char line[512], rights[8];
    vvar = image = NULL;
    while (fgets(line, sizeof line, maps)) {
        unsigned long start, end;
        sscanf(line, "%lx-%lx %7s", &start, &end, rights);
        if (strstr(line, "[vvar]")) vvar = (char*)start, vvar_end = (char*)end, SAY("[vvar] %s", rights);
        if (strstr(line, "[vdso]")) image = (char*)start, image_end = (char*)end, SAY("[vdso] %s", rights);
    }
    fclose(maps);
}

static Elf64_Sym* symbols;
static const char* strings;
static uint32_t *hash, *gnu_hash;
static uint16_t* versions;
static Elf64_Verdef* definitions;

static void find_tables(void) {
    Elf64_Ehdr* header = (void*)image;
    SAY("magic %d class %d type %d machine %d", memcmp(header->e_ident, ELFMAG, SELFMAG),
        header->e_ident[EI_CLASS], header->e_type, header->e_machine);
    Elf64_Phdr* parts = (void*)(image + header->e_phoff);
    Elf64_Dyn* dynamic = NULL;
    for (int i = 0; i < header->e_phnum; i++) {
        if (parts[i].p_type == PT_LOAD)
            SAY("loaded at %lx offset %lx flags %x", parts[i].p_vaddr, parts[i].p_offset, parts[i].p_flags);
        if (parts[i].p_type == PT_DYNAMIC) dynamic = (void*)(image + parts[i].p_vaddr);
        if (parts[i].p_type == PT_GNU_EH_FRAME) SAY("unwinding");
    }
    long soname = 0;
    for (; dynamic->d_tag != DT_NULL; dynamic++) {
        void* at = image + dynamic->d_un.d_ptr;
        switch (dynamic->d_tag) {
            case DT_SONAME: soname = dynamic->d_un.d_val; break;
            case DT_HASH: hash = at; break;
            case DT_GNU_HASH: gnu_hash = at; break;
            case DT_SYMTAB: symbols = at; break;
            case DT_STRTAB: strings = at; break;
            case DT_VERSYM: versions = at; break;
            case DT_VERDEF: definitions = at; break;
            case DT_RELA:
            case DT_REL:
            case DT_JMPREL: SAY("relocations"); break;
        }
    }
    SAY("%s", strings + soname);
    for (Elf64_Verdef* each = definitions;; each = (void*)((char*)each + each->vd_next)) {
        SAY("version %d flags %d %s", each->vd_ndx, each->vd_flags,
            strings + ((Elf64_Verdaux*)((char*)each + each->vd_aux))->vda_name);
        if (each->vd_next == 0) break;
    }
}

static Elf64_Sym* by_hash(const char* name) {
    uint32_t h = 0;
    for (const char* c = name; *c; c++) h = (h << 4) + *c, h = (h ^ (h >> 24 & 0xf0)) & 0xfffffff;
    for (uint32_t i = hash[2 + h % hash[0]]; i != 0; i = hash[2 + hash[0] + i])
        if (strcmp(strings + symbols[i].st_name, name) == 0) return symbols + i;
    return NULL;
}

static Elf64_Sym* by_gnu_hash(const char* name) {
    uint32_t h = 5381, *buckets = gnu_hash + 4 + 2 * gnu_hash[2], *chains = buckets + gnu_hash[0];
    for (const char* c = name; *c; c++) h = h * 33 + *c;
    uint64_t word = ((uint64_t*)(gnu_hash + 4))[h / 64 % gnu_hash[2]];
    if (!(word >> h % 64 & 1) || !(word >> (h >> gnu_hash[3]) % 64 & 1)) return NULL;
    uint32_t i = buckets[h % gnu_hash[0]];
    if (i < gnu_hash[1]) return NULL;
    for (;; i++) {
        uint32_t other = chains[i - gnu_hash[1]];
        if ((other | 1) == (h | 1) && strcmp(strings + symbols[i].st_name, name) == 0) return symbols + i;
        if (other & 1) return NULL;
    }
}

static void* function(const char* name) { return image + by_hash(name)->st_value; }

static int (*gettime)(int, struct timespec*), (*getres)(int, struct timespec*);
static int (*timeofday)(struct timeval*, struct timezone*);
static time_t (*seconds)(time_t*);
static long (*cpu)(unsigned*, unsigned*, void*);

static long ns(struct timespec t) { return t.tv_sec * 1000000000 + t.tv_nsec; }

static void answers(void) {
    struct timespec a = {0, 0}, b = {0, 0}, c = {0, 0};
    for (int clock = -8; clock < 13; clock++) {
        int got = gettime(clock, &a), call = syscall(SYS_clock_gettime, clock, &b) ? -errno : 0;
        if (got == 0) gettime(clock, &c);
        const long tick = clock == CLOCK_REALTIME_COARSE || clock == CLOCK_MONOTONIC_COARSE ? 10000000 : 0;
        if (got != call || (got == 0 && (ns(a) > ns(b) + tick || ns(b) > ns(c) + tick)))
            SAY("clock %d: %d %d", clock, got, call);
        a.tv_nsec = b.tv_nsec = -1;
        got = getres(clock, &a), call = syscall(SYS_clock_getres, clock, &b) ? -errno : 0;
        if (got != call || a.tv_nsec != b.tv_nsec)
            SAY("resolution of %d: %d %ld, %d %ld", clock, got, a.tv_nsec, call, b.tv_nsec);
        if (call == 0 && getres(clock, NULL) != 0) SAY("resolution of %d to nowhere", clock);
    }
    IS(-EINVAL, gettime(1000, &a));
    IS(-EINVAL, getres(1000, &a));
    struct timeval day;
    struct timezone zone = {7, 7}, zone_call = {8, 8};
    IS(0, timeofday(&day, NULL));
    IS(0, timeofday(NULL, NULL));
    IS(0, timeofday(NULL, &zone));
    syscall(SYS_gettimeofday, NULL, &zone_call);
    TRUE(zone.tz_minuteswest == zone_call.tz_minuteswest && zone.tz_dsttime == zone_call.tz_dsttime);
    gettime(CLOCK_REALTIME, &a);
    TRUE(labs(day.tv_sec - a.tv_sec) <= 1);
    time_t now = 0, returned = seconds(&now);
    TRUE(now == returned && labs(now - a.tv_sec) <= 1);
    TRUE(labs(seconds(NULL) - now) <= 1);
    unsigned number = 99, node = 99, number_call = 98;
    IS(0, cpu(&number, &node, NULL));
    syscall(SYS_getcpu, &number_call, NULL, NULL);
    TRUE(number == number_call && node == 0);
    IS(0, cpu(NULL, NULL, NULL));
}

static void monotony(void) {
    struct timespec last, now;
    int backwards = 0;
    gettime(CLOCK_MONOTONIC, &last);
    const long end = ns(last) + 300000000;
    for (int i = 0; ns(last) < end; i++) {
        if (i % 2)
            gettime(CLOCK_MONOTONIC, &now);
        else
            syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
        backwards += ns(now) < ns(last);
        last = now;
    }
    IS(0, backwards);
    // Setting real time is seen at once, and moves no other clock.
    struct timespec real, set;
    for (int i = 0; i < 4; i++) {
        gettime(CLOCK_REALTIME, &real);
        set = real, set.tv_sec += i % 2 ? -1000 : 1000;
        clock_settime(CLOCK_REALTIME, &set);
        gettime(CLOCK_REALTIME, &now);
        TRUE(ns(now) >= ns(set) && ns(now) < ns(set) + 500000000);
        TRUE(labs(seconds(NULL) - set.tv_sec) <= 1);
        gettime(CLOCK_MONOTONIC, &now);
        backwards += ns(now) < ns(last);
        last = now;
    }
    IS(0, backwards);
}

static long call_number(long number, long a, long b) { return syscall(number, a, b); }

int main(int count, char** arguments) {
    if (count > 1) {
        unsigned long address = getauxval(AT_SYSINFO_EHDR);
        write(atoi(arguments[1]), &address, sizeof address);
        return 0;
    }
    find_areas();
    TRUE((char*)getauxval(AT_SYSINFO_EHDR) == image);
    TRUE(vvar_end == image);
    find_tables();
    const char* names[] = {"clock_gettime", "gettimeofday", "time", "clock_getres", "getcpu"};
    for (unsigned i = 0; i < 2 * ARRAY_SIZE(names); i++) {
        char name[40];
        snprintf(name, sizeof name, "%s%s", i % 2 ? "__vdso_" : "", names[i / 2]);
        Elf64_Sym *one = by_hash(name), *other = by_gnu_hash(name);
        SAY("%s: %d type %d bind %d version %d defined %d", name, one != NULL && one == other,
            one->st_info & 15, one->st_info >> 4, versions[one - symbols], one->st_shndx != SHN_UNDEF);
    }
    TRUE(by_hash("nothing") == NULL && by_gnu_hash("nothing") == NULL);
    gettime = function("__vdso_clock_gettime"), getres = function("__vdso_clock_getres");
    timeofday = function("__vdso_gettimeofday"), seconds = function("__vdso_time"),
    cpu = function("__vdso_getcpu");
    answers();
    monotony();

    CHILD("exit 0", answers());
    CHILD("SIGSEGV", *(volatile char*)vvar = 1);
    CHILD("SIGSEGV", *(volatile char*)image = 1);
    CHILD("SIGSEGV", {
        struct timespec* bad = unmapped();
        gettime(CLOCK_MONOTONIC, bad);
    });
    FAILS(EACCES, mprotect(vvar, vvar_end - vvar, PROT_READ | PROT_WRITE));
    FAILS(EACCES, mprotect(vvar, vvar_end - vvar, PROT_READ | PROT_EXEC));
    CHILD("exit 0", {
        OK(mprotect(image, image_end - image, PROT_READ | PROT_WRITE | PROT_EXEC));
        image_end[-1] = 7;
        OK(mprotect(image, image_end - image, PROT_READ | PROT_EXEC));
        answers();
    });
    CHILD("exit 0", OK(madvise(image, image_end - image, MADV_WIPEONFORK));
          OK(madvise(vvar, vvar_end - vvar, MADV_KEEPONFORK)));
    OK(mlock(image, image_end - image));
    OK(mlock(vvar, vvar_end - vvar));
    OK(munlock(image, image_end - image));
    CHILD("exit 0", OK(mlockall(MCL_CURRENT | MCL_FUTURE)); answers(); OK(munlockall()));
    FAILS(EFAULT, (long)mremap(image, image_end - image, image_end - image + PAGE, MREMAP_MAYMOVE));
    FAILS(EFAULT, (long)mremap(vvar, vvar_end - vvar, vvar_end - vvar + PAGE, MREMAP_MAYMOVE));
    FAILS(EINVAL, (long)mremap(image, 0, PAGE, MREMAP_MAYMOVE));
    CHILD("exit 0", {
        char* old = vvar;
        long size = image_end - vvar, offset = image - vvar;
        char* place = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        TRUE(mremap(vvar, offset, offset, MREMAP_MAYMOVE | MREMAP_FIXED, place) == place);
        TRUE(mremap(image, size - offset, size - offset, MREMAP_MAYMOVE | MREMAP_FIXED, place + offset) ==
             place + offset);
        find_areas();
        TRUE(image == place + offset && vvar == place);
        struct timespec now;
        gettime = (void*)((char*)gettime + (place - old));
        IS(0, gettime(CLOCK_MONOTONIC, &now));
    });
    CHILD("exit 0", {
        IS(0, munmap(image, image_end - image));
        IS(0, munmap(vvar, vvar_end - vvar));
        struct timespec now;
        IS(0, call_number(SYS_clock_gettime, CLOCK_MONOTONIC, (long)&now));
        find_areas();
        TRUE(image == NULL && vvar == NULL);
        CHILD("exit 3", _exit(3));
        int ends[2];
        pipe(ends);
        char end[16];
        snprintf(end, sizeof end, "%d", ends[1]);
        CHILD("exit 0", execl("/proc/self/exe", "again", end, NULL));
        unsigned long address = 0;
        IS(sizeof address, read(ends[0], &address, sizeof address));
        TRUE(address != 0);
    });
    // Elsewhere in each program.
    int ends[2], different = 0;
    pipe(ends);
    char end[16];
    snprintf(end, sizeof end, "%d", ends[1]);
    unsigned long first = 0;
    for (int i = 0; i < 4; i++) {
        pid_t child = fork();
        if (child == 0) execl("/proc/self/exe", "again", end, NULL);
        waitpid(child, NULL, 0);
        unsigned long address = 0;
        read(ends[0], &address, sizeof address);
        if (i == 0) first = address;
        different += address != first;
    }
    TRUE(different > 0);
    return done();
}
