set -eg GOROOT
set -qg NEW; and set -g __gophersnake_1_NEW $NEW
set -eg NEW
set -gx NEW 'a\'b"c $d %e% !f! \\g'
set -gx EMPTY 'full'
set -qg NOTHING; and set -g __gophersnake_1_NOTHING $NOTHING
set -eg NOTHING
set -gx NOTHING ''
set -gx OLD 'dé 😀'
set -qg AMP; and set -g __gophersnake_1_AMP $AMP
set -eg AMP
set -gx AMP 'x & "y & z" ^ (1)'
set -qg QUOTES; and set -g __gophersnake_1_QUOTES $QUOTES
set -eg QUOTES
set -gx QUOTES '’‘\''
set -gx PATH '/p/bin:/usr/bin:/bin:/last'
set -gx GOPHERSNAKE_DIFF 'W3siaWQiOiIwMTIzIiwib2xkIjp7IkFNUCI6bnVsbCwiRU1QVFkiOiIiLCJHT1JPT1QiOiJMMjlzWkNCbmJ3PT0iLCJORVciOm51bGwsIk5PVEhJTkciOm51bGwsIk9MRCI6ImFYUW5jdz09IiwiUVVPVEVTIjpudWxsfSwiYmVmb3JlIjpbIkwzQXZZbWx1Il0sImFmdGVyIjpbIkwyeGhjM1E9Il0sInByb21wdCI6dHJ1ZSwiYmFjayI6WyJMM0F2WkdWaFkzUnBkbUYwWlM1emFBPT0iXX1d'
if functions -q fish_prompt
functions -c fish_prompt __gophersnake_1_prompt
function fish_prompt
set -l text (__gophersnake_1_prompt | string collect)
printf '%s%s' '(tools:k8s) ' $text
end
end
