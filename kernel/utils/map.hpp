// Map<K, V>: an ordered map whose insertion returns Result. K needs operator<.
#pragma once

#include "utils/box.hpp"
#include "utils/tree.hpp"

namespace exo {

template <class K, class V> class Map {
  public:
    struct Entry {
        K key;
        V value;
        TreeNode link{};
        Entry(K k, V v) : key(std::move(k)), value(std::move(v)) {}
    };

    constexpr Map() = default;
    Map(const Map&) = delete;
    Map& operator=(const Map&) = delete;
    ~Map() { clear(); }

    usize size() const { return tree_.size(); }
    bool is_empty() const { return tree_.is_empty(); }

    template <class Q> V* find(const Q& key) const {
        Entry* entry = tree_.find(key);
        return entry != nullptr ? &entry->value : nullptr;
    }
    /// The first entry with a key of at least `key`, or null.
    template <class Q> Entry* lower_bound(const Q& key) const { return tree_.lower_bound(key); }
    /// Inserts an entry. Errors: Enomem, Eexist; nothing is changed then.
    Result<V*> insert(K key, V value) {
        Box<Entry> entry = TRY(make_box<Entry>(std::move(key), std::move(value)));
        if (!tree_.insert(*entry)) return Error::Eexist;
        return &entry.release()->value;
    }
    /// Removes an entry. Returns false if there was none.
    template <class Q> bool erase(const Q& key) {
        Entry* entry = tree_.find(key);
        if (entry == nullptr) return false;
        erase_entry(*entry);
        return true;
    }
    void erase_entry(Entry& entry) {
        tree_.remove(entry);
        delete &entry;
    }
    void clear() {
        for (Entry& entry : tree_) erase_entry(entry);
    }

    struct KeyOf {
        static const K& key(const Entry& entry) { return entry.key; }
    };
    using Entries = Tree<Entry, &Entry::link, KeyOf>;
    auto begin() const { return tree_.begin(); }
    auto end() const { return tree_.end(); }
    static Entry* next(const Entry& entry) { return Entries::next(entry); }

  private:
    Entries tree_;
};

}  // namespace exo
