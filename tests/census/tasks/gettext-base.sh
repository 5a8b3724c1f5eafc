# puts variables into a text and translates messages
export NAME=world OTHER='a b'
echo 'hello $NAME ${OTHER} $UNSET.' | envsubst && echo '$NAME $OTHER' | envsubst '$NAME' && envsubst --variables '$A ${B}'
gettext 'untranslated text' && echo && ngettext one many 1 && echo && ngettext one many 5 && echo
. gettext.sh && eval_gettext 'name is $NAME' && echo
TEXTDOMAIN=none LANGUAGE=de gettext -s 'a' 'b'
