// An intrusive doubly linked list: insertion cannot fail, removal needs no search.
//
//   struct Thread { ListNode run_link; };
//   List<Thread, &Thread::run_link> ready;
//
// The list does not own its items. A node is in at most one list per link; debug builds check it.
#pragma once

#include "utils/assert.hpp"
#include "utils/types.hpp"

namespace exo {

struct ListNode {
    ListNode* next = nullptr;
    ListNode* previous = nullptr;

    ListNode() = default;
    ListNode(const ListNode&) = delete;
    ListNode& operator=(const ListNode&) = delete;

    bool is_linked() const { return next != nullptr; }
    /// Removes the node from the list that it is in. The node must be in one.
    void unlink() {
        DEBUG_ASSERT(is_linked());
        previous->next = next;
        next->previous = previous;
        next = previous = nullptr;
    }
};

template <class T, ListNode T::* LINK> class List {
  public:
    constexpr List() : head_() { head_.next = head_.previous = &head_; }
    List(const List&) = delete;
    List& operator=(const List&) = delete;

    bool is_empty() const { return head_.next == &head_; }
    T* front() { return is_empty() ? nullptr : owner(head_.next); }
    T* back() { return is_empty() ? nullptr : owner(head_.previous); }
    /// The item after `item`, which is in this list; null after the last.
    T* after(const T& item) {
        ListNode* next = (item.*LINK).next;
        return next == &head_ ? nullptr : owner(next);
    }

    void push_back(T& item) { insert_between(item.*LINK, head_.previous, &head_); }
    void push_front(T& item) { insert_between(item.*LINK, &head_, head_.next); }
    void insert_before(T& position, T& item) {
        insert_between(item.*LINK, (position.*LINK).previous, &(position.*LINK));
    }
    static void remove(T& item) { (item.*LINK).unlink(); }

    T* pop_front() {
        if (is_empty()) return nullptr;
        T* item = owner(head_.next);
        remove(*item);
        return item;
    }
    /// Moves all items of `other` to the end of this list.
    void splice_back(List& other) {
        if (other.is_empty()) return;
        ListNode* first = other.head_.next;
        ListNode* last = other.head_.previous;
        first->previous = head_.previous;
        head_.previous->next = first;
        last->next = &head_;
        head_.previous = last;
        other.head_.next = other.head_.previous = &other.head_;
    }

    class Iterator {
      public:
        explicit Iterator(ListNode* node) : node_(node), next_(node->next) {}
        T& operator*() const { return *owner(node_); }
        T* operator->() const { return owner(node_); }
        /// The successor is read before the loop body runs, so the body may remove the current item.
        Iterator& operator++() {
            node_ = next_;
            next_ = node_->next;
            return *this;
        }
        bool operator==(const Iterator& other) const { return node_ == other.node_; }

      private:
        ListNode* node_;
        ListNode* next_;
    };
    Iterator begin() { return Iterator(head_.next); }
    Iterator end() { return Iterator(&head_); }

    /// Counts the items in O(n), for tests and reports.
    usize count() const {
        usize n = 0;
        for (const ListNode* node = head_.next; node != &head_; node = node->next) ++n;
        return n;
    }

  private:
    static T* owner(ListNode* node) {
        // SAFETY: node is the LINK member of a T, because only insert_between stores one.
        alignas(T) static constexpr u8 DUMMY[sizeof(T)] = {};
        const T* base = reinterpret_cast<const T*>(&DUMMY);
        const auto offset = reinterpret_cast<const u8*>(&(base->*LINK)) - reinterpret_cast<const u8*>(base);
        return reinterpret_cast<T*>(reinterpret_cast<u8*>(node) - offset);
    }
    static void insert_between(ListNode& node, ListNode* before, ListNode* after) {
        DEBUG_ASSERT(!node.is_linked());
        node.previous = before;
        node.next = after;
        before->next = &node;
        after->previous = &node;
    }

    ListNode head_;
};

}  // namespace exo
