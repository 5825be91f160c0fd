\unset -v GOROOT
if [ "${NEW+set}" = set ]; then __gophersnake_1_NEW=$NEW; fi
\export NEW='a'\''b"c $d %e% !f! \g'
\export EMPTY='full'
if [ "${NOTHING+set}" = set ]; then __gophersnake_1_NOTHING=$NOTHING; fi
\export NOTHING=''
\export OLD='dé 😀'
if [ "${AMP+set}" = set ]; then __gophersnake_1_AMP=$AMP; fi
\export AMP='x & "y & z" ^ (1)'
if [ "${QUOTES+set}" = set ]; then __gophersnake_1_QUOTES=$QUOTES; fi
\export QUOTES='’‘'\'''
\export PATH='/p/bin:/usr/bin:/bin:/last'
\export GOPHERSNAKE_DIFF='W3siaWQiOiIwMTIzIiwib2xkIjp7IkFNUCI6bnVsbCwiRU1QVFkiOiIiLCJHT1JPT1QiOiJMMjlzWkNCbmJ3PT0iLCJORVciOm51bGwsIk5PVEhJTkciOm51bGwsIk9MRCI6ImFYUW5jdz09IiwiUVVPVEVTIjpudWxsfSwiYmVmb3JlIjpbIkwzQXZZbWx1Il0sImFmdGVyIjpbIkwyeGhjM1E9Il0sInByb21wdCI6dHJ1ZSwiYmFjayI6WyJMM0F2WkdWaFkzUnBkbUYwWlM1emFBPT0iXX1d'
if [ "${PS1+set}" = set ]; then __gophersnake_1_prompt=$PS1; PS1='(tools:k8s) '$PS1; fi
if [ -r '/p/activate.sh' ]; then . '/p/activate.sh'; fi
