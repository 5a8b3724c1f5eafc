# writes and reads the data of a camera in a photograph
ppmpat -gingham -randomseed=1 64 48 | pnmtojpeg >a.jpg 2>/dev/null
jhead -mkexif a.jpg >/dev/null && jhead -ts2024:01:02-03:04:05 a.jpg >/dev/null && jhead a.jpg | grep -E 'Date/Time|Resolution' && jhead -cl 'a comment' a.jpg >/dev/null && jhead a.jpg | grep Comment
jhead -ta+1:00 a.jpg >/dev/null && jhead a.jpg | grep 'Date/Time' && jhead -n%Y-%m a.jpg >/dev/null && ls && jhead -purejpg 2024-01.jpg >/dev/null && jhead 2024-01.jpg | wc -l
jhead nothing.jpg 2>/dev/null || echo "status $?"
