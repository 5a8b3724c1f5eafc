#include "posix_x/process/wait.hpp"

#include "posix_x/process/process_tree.hpp"
#include "utils/scope.hpp"

namespace exo::posix_x {

namespace {

bool is_named(const Process& child, const WaitRequest& request) {
    switch (request.selection) {
        case ChildSelection::Any: return true;
        case ChildSelection::Pid: return child.pid() == request.id;
        case ChildSelection::Group: return child.group == request.id;
    }
}

bool is_eligible(const Process& child, const WaitRequest& request) {
    const bool is_clone = child.exit_signal != Signal::Chld;
    return (request.all_kinds || is_clone == request.clones_only) && is_named(child, request);
}

/// Takes what there is to report of `child`; false if nothing.
bool take_report(Process& child, const WaitRequest& request, WaitResult& out) {
    if (child.state == ProcessState::Zombie && request.wants_exited) {
        out.status = child.wait_status;
    } else if (child.stop_is_reportable && request.wants_stopped && child.state == ProcessState::Stopped) {
        out.status = child.wait_status;
        if (!request.leaves_it) child.stop_is_reportable = false;
    } else if (child.continue_is_reportable && request.wants_continued) {
        out.status = WaitStatus::continued();
        if (!request.leaves_it) child.continue_is_reportable = false;
    } else {
        return false;
    }
    out.pid = child.pid();
    if (const Ref<Identity> owner = identity_of(child)) out.uid = owner->uid;
    out.usage = child.usage;
    out.usage.add(child.children_usage);
    return true;
}

enum class Outcome : u8 { Found, Nothing, NoChild };

Outcome look(Process& self, const WaitRequest& request, WaitResult& out) {
    Ref<Process> reaped;  // dropped after the lock
    auto tree = PROCESSES.lock();
    bool has_candidate = false;
    const auto takes = [&](Process& child) {
        if (!is_eligible(child, request)) return false;
        // LINUX: nothing is left to be told of an ended child but its end (wait_consider_task).
        if (child.state == ProcessState::Zombie && !request.wants_exited) return false;
        has_candidate = true;
        if (!take_report(child, request, out)) return false;
        if (child.state == ProcessState::Zombie && !request.leaves_it) {
            self.children_usage.add(out.usage);
            reaped = PROCESSES.remove_locked(*tree, child);
        }
        return true;
    };
    bool is_found = false;
    if (request.selection == ChildSelection::Pid) {
        Process* child = tree->find(request.id);
        is_found = child != nullptr && child->parent() == &self && takes(*child);
    } else {
        for (Process& child : self.children) {
            is_found = takes(child);
            if (is_found) break;
        }
    }
    tree.unlock();
    if (is_found) return Outcome::Found;
    return has_candidate ? Outcome::Nothing : Outcome::NoChild;
}

/// Errors: RestartSys.
Result<Outcome> wait(Process& self, const WaitRequest& request, WaitResult& out) {
    ChildWait entry(request);
    {
        auto tree = PROCESSES.lock();
        self.child_waits.push_back(entry);
    }
    const ScopeExit leave{[&] {
        auto tree = PROCESSES.lock();
        self.child_waits.remove(entry);
    }};
    Outcome outcome = Outcome::Nothing;
    const auto has_changed = [&] {
        outcome = look(self, request, out);
        return outcome != Outcome::Nothing;
    };
    const Result<> waited = entry.changed.wait(scheduler::WaitMode::Interruptible, has_changed);
    // LINUX: who is interrupted looks once more, and may find that no child is left (do_wait).
    if (!waited && !has_changed()) return waited.error();
    return outcome;
}

}  // namespace

Result<WaitResult> wait_for_child(const WaitRequest& request) {
    Process& self = current_process();
    WaitResult result;
    Outcome outcome = look(self, request, result);
    if (outcome == Outcome::Nothing && !request.is_nonblocking) outcome = TRY(wait(self, request, result));
    if (outcome == Outcome::NoChild) return Error::Echild;
    return result;
}

void wake_waits_for(Process& parent, const Process& child) {
    auto tree = PROCESSES.lock();
    for (ChildWait& wait : parent.child_waits)
        if (is_named(child, wait.request)) wait.changed.wake_all();
}

}  // namespace exo::posix_x
