/* The block/wake protocol of kernel/scheduler/parking.cpp and wait_queue.cpp.
 *
 * One sleeper waits for a condition on a wait queue; two wakers each make the condition true once and wake the queue;
 * a signal may interrupt. Checked: no wake-up is lost (the sleeper is never left parked with the condition true and
 * nobody about to wake it), the thread is made runnable at most once per parking, and it is never switched to while its
 * registers are still in use.
 *
 * token: 0 EMPTY, 1 PARKED, 2 NOTIFIED.
 */
#define EMPTY 0
#define PARKED 1
#define NOTIFIED 2
#define WAKERS 2

byte token = EMPTY;
byte items = 0;           /* the condition: items > 0 */
bool queued = false;      /* the sleeper's Waiter is in the queue */
bool has_waiters = false;
bool queue_lock = false;
bool runnable = true;     /* in a run queue, or running */
bool on_cpu = true;
bool signal_work = false;
byte taken = 0;
bool interrupted = false;
byte wakers_done = 0;

inline lock_queue() { atomic { !queue_lock -> queue_lock = true } }
inline unlock_queue() { queue_lock = false }

/* unpark(thread): exchange the token; whoever finds PARKED makes it runnable. */
inline unpark() {
    d_step { previous = token; token = NOTIFIED }
    if
    :: previous == PARKED ->
        assert(!runnable);
        runnable = true
    :: else -> skip
    fi
}

inline wake_one() {
    if
    :: has_waiters ->        /* a seq_cst read-modify-write after the condition was changed */
        lock_queue();
        if
        :: queued ->
            queued = false;
            has_waiters = false;
            unpark()
        :: else -> has_waiters = false
        fi;
        unlock_queue()
    :: else -> skip
    fi
}

active [WAKERS] proctype waker() {
    byte previous;
    items++;
    wake_one();
    wakers_done++
}

active proctype signaller() {
    byte previous;
    if
    :: true ->
        signal_work = true;
        unpark()
    :: true -> skip            /* no signal in this run */
    fi
}

/* The CPU: switches back to the sleeper once it is runnable and its registers are saved. */
active proctype cpu() {
end:
    do
    :: atomic { runnable && !on_cpu -> on_cpu = true }
    od
}

active proctype sleeper() {
    byte previous;
again:
    lock_queue();
    if
    :: !queued -> queued = true; has_waiters = true
    :: else -> skip
    fi;
    unlock_queue();

    if
    :: d_step { items > 0 -> items--; taken++ }
       goto leave
    :: else -> skip
    fi;

    /* park(): interruption first, then a token that is there already, then PARKED and the switch. */
    if
    :: signal_work -> interrupted = true; goto leave
    :: else -> skip
    fi;
    d_step { previous = token; token = EMPTY }
    if
    :: previous == NOTIFIED -> goto again
    :: else -> skip
    fi;
    /* compare_exchange EMPTY -> PARKED; with interrupts off up to the switch */
    if
    :: atomic { token == EMPTY -> token = PARKED; runnable = false }
       on_cpu = false;         /* finish_switch: the registers are saved */
       on_cpu                  /* switched to again */
    :: token != EMPTY -> skip
    fi;
    token = EMPTY;
    goto again;

leave:
    lock_queue();
    if
    :: queued -> queued = false; has_waiters = false; unlock_queue()
    :: else ->
        unlock_queue();
        /* A wake-up that was meant for somebody else is passed on; here nobody else waits. */
        skip
    fi
}

/* If the sleeper is asleep for good, there was nothing to wake it for. */
never {
    do
    :: (wakers_done == WAKERS && items > 0 && !runnable && token == PARKED && !queue_lock) -> goto accept_lost
    :: true
    od;
accept_lost:
    do
    :: (wakers_done == WAKERS && items > 0 && !runnable && token == PARKED && !queue_lock)
    od
}
