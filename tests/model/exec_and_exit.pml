/* execve by one thread against exit_group, exit of one thread, clone and a fatal signal: kernel/posix_x/process/process.cpp
 * (ProcessSignals), lifecycle/exit.cpp (exit_current_task), lifecycle/exec.cpp (end_other_tasks), lifecycle/fork.cpp (add_thread),
 * signal/send.cpp (wake_for).
 *
 * Three tasks each do one thing of these in any order, one of them may make a fourth that sleeps, and somebody may send a fatal signal. All that they
 * share is under the signal lock: an atomic block is one section under it. A task that must end learns of it by an interrupt alone
 * (`told`), and sleeps for good without.
 *
 * Checked: the process ends once, with the status of whatever ended it first; no task is left that must end and does not know; a
 * task that executes a program is alone by then and the leader; once it has begun to end the others, only a fatal signal keeps it from
 * the new program.
 *
 * Each of these breaks it, and the verifier finds it:
 * - clone without its look at must_end (1): the new task is not told;
 * - a task that leaves without passing on next_to_tell (2): who tells goes to one that is gone;
 * - leave_process that wakes before it has left (3): the task in execve sleeps for good;
 * - execve that counts live tasks in place of those in the list (4): another still uses its memory when the new program begins;
 * - exit_group without its look at must_end (5): it ends a process that executes a program;
 * - execve without its look at must_end (6): two wait for each other's end, or a program begins in a process that ends.
 */
#define TASKS 4
#define NOBODY 255

#define RUNNING 0     /* exit_status before the end begins */
#define EXITED(task) (10 + task)   /* by exit_group, or as the last one */
#define KILLED 99

bool in_list[TASKS];       /* ProcessSignals::tasks; older ones have lower numbers */
bool is_ending[TASKS];
bool told[TASKS];          /* Work::Kill of its thread */
byte live_tasks = 3;
bool is_exiting = false;
byte exit_status = RUNNING;
byte only_survivor = NOBODY;
byte next_to_tell = NOBODY;
byte leader = 0;

bool is_woken = false;     /* of who waits in Process::task_ended */
bool has_begun = false;    /* an execve has told others to end */
bool has_executed = false;
bool is_zombie = false;
bool was_signalled = false;
byte endings = 0;          /* of the process */

#define must_end(task) (is_exiting || (only_survivor != NOBODY && only_survivor != task))
#define is_alone(task) (in_list[task] && in_list[0] + in_list[1] + in_list[2] + in_list[3] == 1)
#define is_empty       (in_list[0] + in_list[1] + in_list[2] + in_list[3] == 0)

/* List::after and front: the oldest task in the list that is younger than `task` (front: than none). */
inline set_to_next(variable, first) {
    variable = first;
    do
    :: variable < TASKS && !in_list[variable] -> variable++
    :: else -> break
    od;
    if
    :: variable >= TASKS -> variable = NOBODY
    :: else -> skip
    fi
}

/* ProcessSignals::tell_some, one task at a time. */
inline tell_one() {
    if
    :: next_to_tell != NOBODY ->
        other = next_to_tell;
        assert(in_list[other]);
        set_to_next(next_to_tell, other + 1);
        if
        :: !is_ending[other] && must_end(other) -> told[other] = true
        :: else -> skip
        fi;
        other = 0
    :: else -> skip
    fi
}

/* tell_tasks */
inline tell_all() {
    do
    :: atomic { next_to_tell != NOBODY -> tell_one() }
    :: atomic { next_to_tell == NOBODY -> break }
    od
}

inline begin_exit(status) {
    if
    :: !is_exiting -> is_exiting = true; exit_status = status
    :: else -> skip
    fi;
    set_to_next(next_to_tell, 0)
}

proctype task(byte me; bool may_act) {
    byte other;
    byte status = EXITED(me);
    bool is_last;
    bool has_waited;

program:
end:
    do
    :: told[me] ->     /* return_to_program, decide */
        atomic {
            told[me] = false;
            if
            :: must_end(me) -> status = exit_status; goto ending
            :: else -> skip
            fi
        }
    :: may_act -> may_act = false; goto ending     /* exit of one thread */
    :: may_act -> may_act = false; goto group_exit
    :: may_act -> may_act = false; goto execute
    :: may_act && me == 0 ->                       /* add_thread */
        may_act = false;
        atomic {
            if
            :: must_end(me) -> skip                /* (1) RestartNoInterrupt */
            :: else ->
                in_list[TASKS - 1] = true;
                live_tasks++;
                run task(TASKS - 1, false)
            fi
        }
    od;

group_exit:     /* sys_exit_group */
    atomic {
        if
        :: must_end(me) -> skip                    /* (5) */
        :: else -> begin_exit(EXITED(me)); is_ending[me] = true
        fi
    };
    tell_all();
    goto ending;

execute:     /* end_other_tasks */
    atomic {
        if
        :: must_end(me) -> goto program            /* (6) EAGAIN */
        :: else -> skip
        fi;
        if
        :: !is_alone(me) ->
            assert(only_survivor == NOBODY);
            only_survivor = me;
            has_begun = true;
            set_to_next(next_to_tell, 0)
        :: else -> skip
        fi
    };
    tell_all();
    do     /* Process::task_ended.wait, killable */
    :: is_woken = false;     /* it is in the queue from here on */
        if
        :: is_alone(me) -> has_waited = true; break      /* (4) */
        :: told[me] -> has_waited = false; break
        :: !is_alone(me) && !told[me] -> (is_woken || told[me])
        fi
    od;
    atomic { only_survivor = NOBODY };
    if
    :: !has_waited -> assert(is_exiting); goto program   /* EAGAIN */
    :: else -> skip
    fi;
    atomic { leader = me };     /* become_leader */
    assert(is_alone(me) && live_tasks == 1);
    has_executed = true;
    goto program;

ending:     /* exit_current_task */
    atomic {     /* begin_end */
        is_ending[me] = true;
        tell_one();
        live_tasks--;
        if
        :: live_tasks == 0 ->
            endings++;
            assert(endings == 1);
            if
            :: !is_exiting -> is_exiting = true; exit_status = status
            :: else -> skip
            fi
        :: else -> skip
        fi
    };
    /* It gives its memory and its files back here. */
    atomic {     /* leave_process */
        if
        :: next_to_tell == me -> set_to_next(next_to_tell, me + 1)   /* (2) */
        :: else -> skip
        fi;
        in_list[me] = false;
        is_last = is_empty
    };
    if
    :: is_last -> assert(!is_zombie && live_tasks == 0); is_zombie = true
    :: else -> is_woken = true                           /* (3) task_ended.wake_all */
    fi
}

/* kill(2) from outside, with a signal that ends the process. */
active proctype sender() {
    byte other;
    if
    :: atomic {
        !is_zombie && !is_exiting && !is_empty ->
        was_signalled = true;
        begin_exit(KILLED);
        tell_one()
       };
       tell_all()
    :: true -> skip     /* nobody sends one */
    fi
}

init {
    atomic {
        in_list[0] = true;
        in_list[1] = true;
        in_list[2] = true;
        run task(0, true);
        run task(1, true);
        run task(2, true)
    };
    /* Nobody can go on. */
    timeout;
    assert(!is_exiting || is_zombie);
    assert(!is_zombie || (is_exiting && exit_status != RUNNING && is_empty));
    assert(only_survivor == NOBODY);
    assert(!has_begun || was_signalled || has_executed);
    assert(!was_signalled || exit_status == KILLED)
}
