# case: patterns, alternatives, classes, fall through to the default.
for w in apple Bob 42 a.c '' 'x y' file.tar.gz; do
  case "$w" in
    [0-9]*) echo "$w: number" ;;
    *.tar.gz | *.tgz) echo "$w: archive" ;;
    *.c) echo "$w: source" ;;
    [A-Z]*) echo "$w: capital" ;;
    '') echo "empty" ;;
    *\ *) echo "$w: with a space" ;;
    *) echo "$w: other" ;;
  esac
done
case abc in a?c) echo question mark ;; esac
case '*' in '*') echo literal star ;; esac
