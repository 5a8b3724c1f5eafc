/* Waiting, waking and requeueing of kernel/posix_x/futex/futex_table.cpp.
 *
 * Two waiters wait for word 0, each with a time-out that may come at any moment. One waker changes the word and wakes all who wait for
 * it; one mover makes who waits for word 0 wait for word 1 and wakes word 1 afterwards. Each bucket has a lock of its own. Checked: a
 * waiter returns only once a waker has taken it out or it has left by itself; nobody is in a bucket twice, or after it has returned; no
 * waiter sleeps for good once the waker and the mover are done.
 *
 * A waker tells the thread first (its token) and takes it out then, both under the bucket's lock: a waiter that is told in between and
 * still finds itself queued takes the lock once, so that it sees the end of that (FutexTable::see_off).
 *
 * A waiter announces itself before it compares its word. A waker that has changed the word and finds nobody announced takes no lock
 * (FutexTable::has_nobody). If a waiter announced itself after the comparison, spin would find the lost wake-up.
 */
#define WAITERS 2

bool word_changed = false;
bool bucket_lock[2];
bool queued[WAITERS];        /* FutexWaiter::is_queued_ */
byte bucket[WAITERS];        /* FutexWaiter::bucket_ */
byte announced[2];           /* FutexBucket::announced */
bool in_bucket_0[WAITERS];   /* the lists themselves */
bool in_bucket_1[WAITERS];
bool token[WAITERS];         /* the thread's parking token */
bool returned[WAITERS];
bool tick = false;
bool asleep[WAITERS];         /* from the look at is_queued_ to the end of park */
byte finished = 0;           /* of the waker and the mover */

inline lock(b) { atomic { !bucket_lock[b] -> bucket_lock[b] = true } }
inline unlock(b) { bucket_lock[b] = false }

/* FutexBucket::take with a waker: under the lock of bucket b. */
inline wake_in(b) {
    w = 0;
    do
    :: w < WAITERS ->
        if
        :: (b == 0 && in_bucket_0[w]) || (b == 1 && in_bucket_1[w]) ->
            assert(!returned[w]);
            if :: b == 0 -> in_bucket_0[w] = false :: else -> in_bucket_1[w] = false fi;
            announced[b] = announced[b] - 1;
            token[w] = true;         /* unpark */
            assert(!returned[w]);    /* it may not go before it is taken out */
            queued[w] = false
        :: else -> skip
        fi;
        w++
    :: else -> break
    od
}

active proctype waker() {
    byte w;
    word_changed = true;
    if
    :: announced[0] == 0 -> skip
    :: else ->
        lock(0);
        wake_in(0);
        unlock(0)
    fi;
    finished++
}

active proctype mover() {
    byte w;
    lock(0);
    lock(1);
    w = 0;
    do
    :: w < WAITERS ->
        if
        :: in_bucket_0[w] ->
            in_bucket_0[w] = false;
            announced[0] = announced[0] - 1;
            announced[1] = announced[1] + 1;
            bucket[w] = 1;
            in_bucket_1[w] = true
        :: else -> skip
        fi;
        w++
    :: else -> break
    od;
    unlock(1);
    unlock(0);
    lock(1);
    wake_in(1);
    unlock(1);
    finished++
}

active [WAITERS] proctype waiter() {
    byte me = _pid - 2;
    byte b;
    bool timed_out = false;
    lock(0);
    announced[0] = announced[0] + 1;
    if
    :: word_changed -> announced[0] = announced[0] - 1; unlock(0); goto out       /* EAGAIN */
    :: else -> skip
    fi;
    bucket[me] = 0;
    queued[me] = true;
    in_bucket_0[me] = true;
    unlock(0);

    asleep[me] = true;
    do
    :: atomic { token[me] -> token[me] = false; asleep[me] = false }  /* park ends */
       if
       :: queued[me] -> b = bucket[me]; lock(b); unlock(b)
       :: else -> skip
       fi;
       if :: !queued[me] -> break :: else -> asleep[me] = true fi
    :: asleep[me] -> timed_out = true; asleep[me] = false; break
    od;

    /* FutexTable::leave */
    do
    :: !queued[me] -> break
    :: queued[me] ->
        b = bucket[me];
        lock(b);
        if
        :: !queued[me] -> unlock(b); break
        :: queued[me] && bucket[me] != b -> unlock(b)   /* requeued meanwhile */
        :: else ->
            if
            :: b == 0 -> assert(in_bucket_0[me]); in_bucket_0[me] = false
            :: else -> assert(in_bucket_1[me]); in_bucket_1[me] = false
            fi;
            announced[b] = announced[b] - 1;
            queued[me] = false;
            unlock(b);
            assert(timed_out);
            break
        fi
    od;
out:
    returned[me] = true;
    assert(!in_bucket_0[me] && !in_bucket_1[me] && !queued[me]);
    assert(!(returned[0] && returned[1]) || (announced[0] == 0 && announced[1] == 0))
}

/* Time passes, also where nobody does anything: the claim is about runs without end. */
active proctype clock() {
end:
    do
    :: tick = !tick
    od
}

/* Both are done, and a waiter sleeps for good unless its time-out comes: its wake-up was lost. */
never {
    do
    :: finished == 2 && asleep[0] && !token[0] -> goto accept_lost
    :: true
    od;
accept_lost:
    do
    :: finished == 2 && asleep[0] && !token[0]
    od
}
