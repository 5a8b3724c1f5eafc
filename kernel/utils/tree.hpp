// An intrusive balanced (AVL) tree, ordered by a key that the caller extracts.
//
//   struct Area { TreeNode link; u64 start; };
//   struct AreaKey { static u64 key(const Area& a) { return a.start; } };
//   Tree<Area, &Area::link, AreaKey> areas;
//
// Keys are unique. Insertion needs no memory and cannot fail; all operations are O(log n).
// The optional AUGMENT policy recomputes a node's summary of its subtree whenever the subtree may have
// changed, and returns whether the summary changed. If it did not, the nodes above are skipped.
#pragma once

#include <type_traits>

#include "utils/assert.hpp"
#include "utils/types.hpp"

namespace exo {

struct TreeNode {
    TreeNode* parent = nullptr;
    TreeNode* left = nullptr;
    TreeNode* right = nullptr;
    i32 height = 0;  ///< 0: not in a tree; a leaf has 1.

    TreeNode() = default;
    TreeNode(const TreeNode&) = delete;
    TreeNode& operator=(const TreeNode&) = delete;
    bool is_linked() const { return height != 0; }
};

namespace detail {
/// Recomputes a node's summary. Returns whether it changed.
using TreeUpdate = bool (*)(TreeNode*);
/// Links `node` below `parent` at `*slot` and rebalances. `update` (may be null) recomputes a summary.
void tree_insert(TreeNode*& root, TreeNode* parent, TreeNode** slot, TreeNode* node, TreeUpdate update);
void tree_remove(TreeNode*& root, TreeNode* node, TreeUpdate update);
void tree_update_upwards(TreeNode* node, TreeUpdate update);
TreeNode* tree_first(TreeNode* root);
TreeNode* tree_last(TreeNode* root);
TreeNode* tree_next(TreeNode* node);
TreeNode* tree_previous(TreeNode* node);
}  // namespace detail

/// The policy without a summary.
struct NoAugment {};

template <class T, TreeNode T::* LINK, class Key, class Augment = NoAugment> class Tree {
  public:
    constexpr Tree() = default;
    Tree(const Tree&) = delete;
    Tree& operator=(const Tree&) = delete;

    bool is_empty() const { return root_ == nullptr; }
    usize size() const { return size_; }
    T* root() const { return owner_or_null(root_); }
    T* first() const { return owner_or_null(detail::tree_first(root_)); }
    T* last() const { return owner_or_null(detail::tree_last(root_)); }
    static T* next(const T& item) { return owner_or_null(detail::tree_next(node_of(item))); }
    static T* previous(const T& item) { return owner_or_null(detail::tree_previous(node_of(item))); }
    static T* left(const T& item) { return owner_or_null(node_of(item)->left); }
    static T* right(const T& item) { return owner_or_null(node_of(item)->right); }

    template <class K> T* find(const K& key) const {
        for (TreeNode* node = root_; node != nullptr;) {
            T* item = owner(node);
            const auto& item_key = Key::key(*item);
            if (key < item_key)
                node = node->left;
            else if (item_key < key)
                node = node->right;
            else
                return item;
        }
        return nullptr;
    }
    /// The first item with a key of at least `key`, or null.
    template <class K> T* lower_bound(const K& key) const {
        TreeNode* best = nullptr;
        for (TreeNode* node = root_; node != nullptr;) {
            if (Key::key(*owner(node)) < key) {
                node = node->right;
            } else {
                best = node;
                node = node->left;
            }
        }
        return owner_or_null(best);
    }
    /// The last item with a key of at most `key`, or null.
    template <class K> T* floor(const K& key) const {
        TreeNode* best = nullptr;
        for (TreeNode* node = root_; node != nullptr;) {
            if (key < Key::key(*owner(node))) {
                node = node->left;
            } else {
                best = node;
                node = node->right;
            }
        }
        return owner_or_null(best);
    }

    /// Inserts an item. Returns false, and changes nothing, if there is an item with an equal key.
    bool insert(T& item) {
        TreeNode* node = node_of(item);
        DEBUG_ASSERT(!node->is_linked());
        TreeNode* parent = nullptr;
        TreeNode** slot = &root_;
        const auto& key = Key::key(item);
        while (*slot != nullptr) {
            parent = *slot;
            const auto& other = Key::key(*owner(parent));
            if (key < other)
                slot = &parent->left;
            else if (other < key)
                slot = &parent->right;
            else
                return false;
        }
        detail::tree_insert(root_, parent, slot, node, update_function());
        ++size_;
        return true;
    }
    /// Inserts an item whose place is known: behind `before`, which is the last item with a smaller key, or null if there is none.
    void insert_behind(T* before, T& item) {
        TreeNode* node = node_of(item);
        DEBUG_ASSERT(!node->is_linked());
        TreeNode* parent = before != nullptr ? node_of(*before) : detail::tree_first(root_);
        TreeNode** slot = before != nullptr ? &parent->right : parent != nullptr ? &parent->left : &root_;
        if (*slot != nullptr) {
            parent = detail::tree_first(*slot);
            slot = &parent->left;
        }
        detail::tree_insert(root_, parent, slot, node, update_function());
        ++size_;
    }
    void remove(T& item) {
        DEBUG_ASSERT(node_of(item)->is_linked());
        detail::tree_remove(root_, node_of(item), update_function());
        --size_;
    }
    /// Empties the tree without changing the items' links. The items are about to be destroyed.
    void abandon() {
        root_ = nullptr;
        size_ = 0;
    }
    /// Call after a change of `item` that affects its summary. Its key must keep its place in the order.
    static void summary_changed(T& item) { detail::tree_update_upwards(node_of(item), update_function()); }

    class Iterator {
      public:
        explicit Iterator(TreeNode* node)
            : node_(node),
              next_(node != nullptr ? detail::tree_next(node) : nullptr) {}
        T& operator*() const { return *owner(node_); }
        T* operator->() const { return owner(node_); }
        Iterator& operator++() {
            node_ = next_;
            next_ = node_ != nullptr ? detail::tree_next(node_) : nullptr;
            return *this;
        }
        bool operator==(const Iterator& other) const { return node_ == other.node_; }

      private:
        TreeNode* node_;
        TreeNode* next_;
    };
    /// Visits the items in key order. The loop body may remove the current item.
    Iterator begin() const { return Iterator(detail::tree_first(root_)); }
    Iterator end() const { return Iterator(nullptr); }

  private:
    static TreeNode* node_of(const T& item) { return const_cast<TreeNode*>(&(item.*LINK)); }
    static T* owner(TreeNode* node) {
        // SAFETY: node is the LINK member of a T, because only insert stores one.
        alignas(T) static constexpr u8 DUMMY[sizeof(T)] = {};
        const T* base = reinterpret_cast<const T*>(&DUMMY);
        const auto offset = reinterpret_cast<const u8*>(&(base->*LINK)) - reinterpret_cast<const u8*>(base);
        return reinterpret_cast<T*>(reinterpret_cast<u8*>(node) - offset);
    }
    static T* owner_or_null(TreeNode* node) { return node != nullptr ? owner(node) : nullptr; }
    static constexpr detail::TreeUpdate update_function() {
        if constexpr (std::is_same_v<Augment, NoAugment>)
            return nullptr;
        else
            return [](TreeNode* node) { return Augment::update(*owner(node)); };
    }

    TreeNode* root_ = nullptr;
    usize size_ = 0;
};

}  // namespace exo
