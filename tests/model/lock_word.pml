/* The word of a spin lock, with its queue (kernel/sync/lock_word.cpp).
 *
 * Each CPU takes the lock a few times. One that finds it taken may still pass the queue while the lock is free and not reserved;
 * otherwise it joins the queue, waits for the first place, and then for the lock. The first one may reserve the lock at any time.
 * Checked: one holder at a time, nobody waits for ever, nobody passes a reservation, and in the end the word is as it was.
 */
#define CPUS 3
#define ROUNDS 2

bool locked = false;
bool reserved = false;
byte last = 0;          /* the last in the queue, from 1 on; 0: nobody */
byte next[CPUS];        /* QueueNode::next of each CPU, from 1 on */
bool is_first[CPUS];
byte holders = 0;
byte reserved_for = 0;  /* the CPU that has reserved it, from 1 on */
byte done = 0;

inline take(self) {
    assert(reserved_for == 0 || reserved_for == self + 1);
    locked = true
}

proctype Cpu(byte self) {
    byte before;
    byte round = 0;
    bool is_last;
    do
    :: round < ROUNDS ->
        is_last = true;
        if
        :: atomic { !locked && !reserved && last == 0 -> take(self) }  /* acquire */
        :: atomic { (locked || reserved || last != 0) -> skip };
            if
            :: atomic { !locked && !reserved -> take(self) }           /* pass_the_queue */
            :: atomic { (locked || reserved) -> skip };
                next[self] = 0;
                is_first[self] = false;
                atomic { before = last; last = self + 1 };
                if
                :: before != 0 -> next[before - 1] = self + 1; is_first[self]
                :: else -> skip
                fi;
                do
                :: atomic {
                    !locked ->
                    take(self);
                    is_last = (last == self + 1);
                    if
                    :: is_last -> last = 0
                    :: else -> skip
                    fi;
                    reserved = false;
                    reserved_for = 0;
                    break
                   }
                :: atomic { locked && !reserved -> reserved = true; reserved_for = self + 1 }
                od;
                if
                :: !is_last -> next[self] != 0; is_first[next[self] - 1] = true
                :: else -> skip
                fi
            fi
        fi;
        holders++;
        assert(holders == 1);
        holders--;
        locked = false;
        round++
    :: else -> break
    od;
    done++
}

init {
    atomic { run Cpu(0); run Cpu(1); run Cpu(2) };
    done == CPUS;
    assert(!locked && !reserved && last == 0)
}
