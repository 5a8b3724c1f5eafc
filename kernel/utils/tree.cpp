#include "utils/tree.hpp"

#include <utility>

namespace exo::detail {

namespace {

i32 height(const TreeNode* node) { return node != nullptr ? node->height : 0; }

/// For the heights of its two subtrees. Whether anything changed that the nodes above depend on.
bool refresh(TreeNode* node, i32 left, i32 right, TreeUpdate update) {
    const i32 before = std::exchange(node->height, (left > right ? left : right) + 1);
    const bool summary_changed = update != nullptr && update(node);
    return summary_changed || node->height != before;
}

void refresh(TreeNode* node, TreeUpdate update) {
    (void)refresh(node, height(node->left), height(node->right), update);
}

void replace_child(TreeNode*& root, TreeNode* parent, TreeNode* old_child, TreeNode* new_child) {
    if (parent == nullptr)
        root = new_child;
    else if (parent->left == old_child)
        parent->left = new_child;
    else
        parent->right = new_child;
    if (new_child != nullptr) new_child->parent = parent;
}

/// Makes `node`'s right child the root of this subtree; returns it.
TreeNode* rotate_left(TreeNode*& root, TreeNode* node, TreeUpdate update) {
    TreeNode* pivot = node->right;
    replace_child(root, node->parent, node, pivot);
    node->right = pivot->left;
    if (node->right != nullptr) node->right->parent = node;
    pivot->left = node;
    node->parent = pivot;
    refresh(node, update);
    refresh(pivot, update);
    return pivot;
}

TreeNode* rotate_right(TreeNode*& root, TreeNode* node, TreeUpdate update) {
    TreeNode* pivot = node->left;
    replace_child(root, node->parent, node, pivot);
    node->left = pivot->right;
    if (node->left != nullptr) node->left->parent = node;
    pivot->right = node;
    node->parent = pivot;
    refresh(node, update);
    refresh(pivot, update);
    return pivot;
}

/// From `node`, which is there, up to where nothing changes any more; `stale` (may be null) is above it and has new children.
void rebalance_upwards(TreeNode*& root, TreeNode* node, TreeNode* stale, TreeUpdate update) {
    do {
        const i32 left = height(node->left);
        const i32 right = height(node->right);
        bool has_changed = node == stale;  // then the nodes above have seen another one in its place
        if (has_changed) stale = nullptr;
        if (left > right + 1) {
            if (height(node->left->left) < height(node->left->right)) rotate_left(root, node->left, update);
            node = rotate_right(root, node, update);
            has_changed = true;
        } else if (right > left + 1) {
            if (height(node->right->right) < height(node->right->left))
                rotate_right(root, node->right, update);
            node = rotate_left(root, node, update);
            has_changed = true;
        } else if (refresh(node, left, right, update)) {
            has_changed = true;
        }
        if (!has_changed && stale == nullptr) return;
        node = node->parent;
    } while (node != nullptr);
}

}  // namespace

void tree_insert(TreeNode*& root, TreeNode* parent, TreeNode** slot, TreeNode* node, TreeUpdate update) {
    node->parent = parent;
    node->left = node->right = nullptr;
    node->height = 1;
    if (update != nullptr) (void)update(node);
    *slot = node;
    if (parent != nullptr) rebalance_upwards(root, parent, nullptr, update);
}

void tree_remove(TreeNode*& root, TreeNode* node, TreeUpdate update) {
    TreeNode* deepest_changed;
    TreeNode* successor = nullptr;
    if (node->left != nullptr && node->right != nullptr) {
        // The successor takes the node's place.
        successor = tree_first(node->right);
        deepest_changed = successor->parent == node ? successor : successor->parent;
        if (successor->parent != node) {
            replace_child(root, successor->parent, successor, successor->right);
            successor->right = node->right;
            successor->right->parent = successor;
        }
        successor->left = node->left;
        successor->left->parent = successor;
        replace_child(root, node->parent, node, successor);
    } else {
        deepest_changed = node->parent;
        replace_child(root, node->parent, node, node->left != nullptr ? node->left : node->right);
    }
    node->parent = node->left = node->right = nullptr;
    node->height = 0;
    if (deepest_changed != nullptr) rebalance_upwards(root, deepest_changed, successor, update);
}

void tree_update_upwards(TreeNode* node, TreeUpdate update) {
    if (update == nullptr) return;
    while (node != nullptr && update(node)) node = node->parent;
}

TreeNode* tree_first(TreeNode* root) {
    if (root == nullptr) return nullptr;
    while (root->left != nullptr) root = root->left;
    return root;
}

TreeNode* tree_last(TreeNode* root) {
    if (root == nullptr) return nullptr;
    while (root->right != nullptr) root = root->right;
    return root;
}

TreeNode* tree_next(TreeNode* node) {
    if (node->right != nullptr) return tree_first(node->right);
    while (node->parent != nullptr && node->parent->right == node) node = node->parent;
    return node->parent;
}

TreeNode* tree_previous(TreeNode* node) {
    if (node->left != nullptr) return tree_last(node->left);
    while (node->parent != nullptr && node->parent->left == node) node = node->parent;
    return node->parent;
}

}  // namespace exo::detail
