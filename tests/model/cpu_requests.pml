/* Requests between CPUs (kernel/sync/cpu_requests.cpp) under a spin lock that is taken with interrupts off.
 *
 * Each CPU removes the mapping of a page, under the lock or without it, asks the others to flush, waits, and frees the page.
 * Others wait for the same lock with interrupts off, ask for flushes themselves, or run a program with interrupts on.
 * Checked: nobody waits for ever, each request is served by each CPU that it is for, and no CPU has a translation of a page
 * that is free.
 */
#define CPUS 3
#define ROUNDS 1

bool lock = false;
byte mailbox[CPUS];       /* a bit for each CPU with a request */
bool interrupt[CPUS];     /* a request interrupt is on its way */
byte pending[CPUS];       /* of the request that this CPU has made: a bit for each CPU that has not served it */
bool caches[CPUS * CPUS]; /* [cpu * CPUS + maker]: the CPU has a translation of the maker's page */

#define BIT(n) (1 << (n))

/* What a CPU asks for is a flush of its own page. */
inline serve(self) {
    d_step { from = mailbox[self]; mailbox[self] = 0 }
    maker = 0;
    do
    :: maker < CPUS ->
        if
        :: (from & BIT(maker)) != 0 ->
            assert((pending[maker] & BIT(self)) != 0);
            caches[self * CPUS + maker] = false;
            d_step { pending[maker] = pending[maker] & ~BIT(self) }
        :: else -> skip
        fi;
        maker++
    :: else -> break
    od;
    from = 0;
    maker = 0
}

inline take_lock(self) {
    do
    :: atomic { !lock -> lock = true; break }
    :: mailbox[self] != 0 -> serve(self)
    od
}

inline wait_until_served(self) {
    do
    :: pending[self] == 0 -> break
    :: mailbox[self] != 0 -> serve(self)
    od
}

inline run_on_others(self) {
    assert(pending[self] == 0);
    d_step { pending[self] = (BIT(CPUS) - 1) & ~BIT(self) }
    target = 0;
    do
    :: target < CPUS ->
        if
        :: target != self ->
            d_step { was_empty = (mailbox[target] == 0); mailbox[target] = mailbox[target] | BIT(self) }
            if
            :: was_empty -> interrupt[target] = true
            :: else -> skip
            fi
        :: else -> skip
        fi;
        target++
    :: else -> break
    od;
    target = 0;
    was_empty = false;
    wait_until_served(self)
}

inline remove_page(self) {
    d_step {  /* the others have used the page meanwhile */
        other = 0;
        do
        :: other < CPUS -> caches[other * CPUS + self] = (other != self); other++
        :: else -> break
        od;
        other = 0
    }
    run_on_others(self);
    other = 0;
    do
    :: other < CPUS -> assert(other == self || !caches[other * CPUS + self]); other++
    :: else -> break
    od;
    other = 0
}

proctype cpu(byte self) {
    byte from, maker, target, round, other;
    bool was_empty;
    round = 0;
    do
    :: round < ROUNDS ->
        if
        :: true ->   /* under the lock, interrupts off */
            take_lock(self);
            if
            :: true -> remove_page(self)
            :: true -> skip
            fi;
            lock = false
        :: true -> remove_page(self)
        fi;
        round++
    :: atomic { interrupt[self] -> interrupt[self] = false }; serve(self)
    :: round == ROUNDS -> break
    od;
end:
    do
    :: atomic { interrupt[self] -> interrupt[self] = false }; serve(self)
    od
}

init {
    atomic { run cpu(0); run cpu(1); run cpu(2) }
}
