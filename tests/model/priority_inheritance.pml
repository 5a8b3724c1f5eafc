/* Priority inheritance of kernel/scheduler/inheritance.cpp: who owns a lock is as urgent as who waits for it, along a chain.
 *
 * Thread 0 owns lock A. Thread 1 owns lock B and waits for A. Thread 2 waits for B, and may give up. At any moment thread 1 may give up
 * its wait, get another urgency of its own, or be handed A by thread 0, and thread 2 may be handed B. Each change of the graph is one
 * step under the lock; the urgency is then spread along the chain one thread at a time, with the lock free in between
 * (spread_urgency). Checked: when all is quiet, each thread has the urgency that its own and its waiters' make; a lock is handed over to a
 * thread that waits for it, and to one only; who gives up and who is handed the lock at the same time agree on what happened.
 *
 * The smaller urgency is the more urgent.
 */
#define NONE 9
#define NORMAL 5
#define URGENT 1
#define MIDDLE 3
#define A 0
#define B 1
#define THREADS 3

byte own[THREADS];
byte effective[THREADS];
byte waits_for[THREADS];     /* NONE, A or B */
bool is_owner[THREADS];      /* InheritanceWaiter::is_owner_ of the wait in progress */
byte owner[2];
byte running = 0;            /* processes that are not done */
bool ready = false;

/* What thread t inherits by now. */
inline computed(t, result) {
    result = own[t];
    k = 0;
    do
    :: k < THREADS ->
        if
        :: waits_for[k] != NONE && owner[waits_for[k]] == t && effective[k] < result -> result = effective[k]
        :: else -> skip
        fi;
        k++
    :: else -> break
    od
}

/* InheritanceGraph::refresh: `next` is the thread to be looked at then. */
inline refresh(t, next) {
    d_step {
        computed(t, urgency);
        if
        :: effective[t] != urgency && waits_for[t] != NONE -> effective[t] = urgency; next = owner[waits_for[t]]
        :: else -> effective[t] = urgency; next = NONE
        fi;
        k = 0; urgency = 0
    }
}

inline spread(from) {
    at = from;
    do
    :: at != NONE -> refresh(at, following); at = following
    :: else -> break
    od
}

/* InheritanceGraph::leave, unless the lock has been handed over meanwhile. */
inline give_up(t) {
    at = NONE;
    atomic {
        if
        :: is_owner[t] -> assert(waits_for[t] == NONE)
        :: else -> assert(waits_for[t] != NONE); at = owner[waits_for[t]]; waits_for[t] = NONE
        fi
    }
    spread(at)
}

/* InheritanceGraph::hand_over to the only waiter, with both urgencies in the same step. */
inline hand_over(lock, from) {
    atomic {
        if
        :: owner[lock] == from ->
            j = 0;
            do
            :: j < THREADS && waits_for[j] == lock ->
                assert(!is_owner[j] && j != from);
                waits_for[j] = NONE;
                is_owner[j] = true;
                owner[lock] = j;
                refresh(from, following);
                refresh(j, following);
                break
            :: j < THREADS && waits_for[j] != lock -> j++
            :: else -> owner[lock] = NONE; break
            od;
            j = 0
        :: else -> skip
        fi
    }
}

init {
    atomic {
        own[0] = NORMAL; own[1] = NORMAL; own[2] = URGENT;
        effective[0] = NORMAL; effective[1] = NORMAL; effective[2] = URGENT;
        waits_for[0] = NONE; waits_for[1] = A; waits_for[2] = NONE;
        owner[A] = 0; owner[B] = 1;
        running = 4;
        run first(); run second(); run third(); run setter()
    }
    running == 0;
    byte t = 0, k = 0, urgency = 0;
    do
    :: t < THREADS -> computed(t, urgency); assert(effective[t] == urgency); t++
    :: else -> break
    od
}

/* Thread 0 gives A back, or keeps it. */
proctype first() {
    byte at, following, k, urgency, j;
    if
    :: hand_over(A, 0)
    :: true
    fi;
    running--
}

/* Thread 1 gives up its wait for A, and then gives B back; or keeps waiting. */
proctype second() {
    byte at, following, k, urgency, j;
    if
    :: give_up(1); hand_over(B, 1)
    :: is_owner[1] -> hand_over(A, 1); hand_over(B, 1)
    :: true
    fi;
    running--
}

/* Thread 2 waits for B if somebody owns it, and may give up. */
proctype third() {
    byte at = NONE, following, k, urgency, j;
    atomic {
        if
        :: owner[B] != NONE -> waits_for[2] = B; at = owner[B]
        :: else -> owner[B] = 2; is_owner[2] = true
        fi
    }
    spread(at);
    if
    :: !is_owner[2] -> give_up(2)
    :: true
    fi;
    running--
}

/* sched_setscheduler for thread 1. */
proctype setter() {
    byte at, following, k, urgency;
    own[1] = MIDDLE;
    spread(1);
    running--
}
