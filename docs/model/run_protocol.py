"""Explores every interleaving of Millrace's run protocol (DESIGN section 4) for one run, within bounds.

usage: python3 run_protocol.py INPUTS WORKERS CRASHES SPURIOUS_EXPIRIES MAX_WAKES MAX_FRAMES [rule switches] [forgets=N]
       python3 run_protocol.py 1 2 0 0 2 4 forgets=1      # a broker that forgets once: never stuck
       python3 run_protocol.py 1 2 1 1 3 5 ask      # 4.5 M states, 8 min: never stuck
       python3 run_protocol.py 2 2 1 0 3 6          # two inputs, one crash: never stuck, I4 holds

A spurious expiry is a lease that runs out while its worker lives (paused, cut off). "stuck" = a state from which the run
can never close. Switches that break it, to see what each rule is for:
  nocheck         no inbox read after Suspended                   -> stuck without any fault
  eageracklocal   ack an input when handed over, not when folded  -> stuck after one spurious expiry
  noexchange      let a redelivered message be a token            -> I4 broken after one spurious expiry
  (no "ask")      nobody asks after holders                       -> 8 of 4.5 M states stuck, after a pause and then a crash

forgets=N: N times the broker forgets that it handed a message out, or that it was acked (it was killed before it wrote its
consumer's state, or the consumer was made again), and hands it out as if for the first time. Such a delivery is known to be
stale: it is older than the time since which the consumer's memory is whole, so it never starts a run unread.
Nothing is ever stuck by it. What stays possible, when the broker forgets while somebody is looking at the message: an activation
by a token that another worker has acked (I4; asking repairs it), or of a run that is held (counted as "healthy taken over": one
fenced activation more).
  noadopt         a holder drops the run when its own token comes anew      -> a healthy run is taken over
  noguard         another worker activates by a token that came anew        -> a healthy run is taken over
  nostale         a stale message may be a token beside a head              -> I4 broken: a late ack by its former holder takes it
  ackguard        another worker acks it because its holder answers         -> I4 broken
"""
import sys
from collections import deque, defaultdict
K,W,CR,SP,MW,MS=map(int,sys.argv[1:7]); FL=set(sys.argv[7:])
FG=sum(int(f[8:]) for f in FL if f.startswith('forgets='))
# msg: (kind,st,owner,redel,reps) st 1 pending 2 delivered 3 acked; redel 2: came anew after the broker forgot
# act: (pc,exp,tok,ep,folded,need,sn,held) held=frozenset of hinted input messages handed over locally
init=((('none',-1,-1,0,0,0),0,(('n',1,-1,0,frozenset()),),frozenset(),tuple([None]*W),CR,SP,MW),FG)
def seta(a,i,v): return a[:i]+(v,)+a[i+1:]
def sm(ms,i,st,ow,rd):
    k=ms[i]; return ms[:i]+((k[0],st,ow,rd,k[4]),)+ms[i+1:]
def ack(ms,m): return sm(ms,m,3,-1,0)
def nak(ms,m): return sm(ms,m,1,-1,1) if ms[m][1]==2 else ms
def wake(ms,reps): return ms+(('w',1,-1,0,frozenset(reps)),)
def intable(a): return a is not None and a[0] in('run','fold','check')
def succ(s):
    inner,fg=s
    for lab,t in step(inner): yield lab,(t,fg)
    if fg>0:
        head,n,ms,hs,acts,cr,sp,mw=inner
        for m,(kind,mst,ow,rd,reps) in enumerate(ms):
            if mst in (2,3): yield 'forget %s%d'%(kind,m),((head,n,sm(ms,m,1,-1,2),hs,acts,cr,sp,mw),fg-1)
def step(s):
    head,n,ms,hs,acts,cr,sp,mw=s
    st,holder,token,epoch,folded,seq=head
    if n<K and st!='closed': yield 'input',(head,n+1,ms+(('i',1,-1,0,frozenset()),),hs,acts,cr,sp,mw)
    if 'ask' in FL and st=='active' and mw>0:
        b=acts[holder]
        if not (b is not None and b[3]==epoch) and not any(x[0]=='w' and x[1]!=3 and token in x[4] for x in ms) and ms[token][1]==3:
            yield 'ask: holder gone, wake',(head,n,wake(ms,{token}),hs,acts,cr,sp,mw-1)
    for m,(kind,mst,ow,rd,reps) in enumerate(ms):
        if mst==1:
            for w in range(W):
                if not any(h[0]==w and h[1]==m for h in hs):
                    yield 'deliver %s%d w%d'%(kind,m,w),(head,n,sm(ms,m,2,w,rd),hs|{(w,m,'got',None,rd)},acts,cr,sp,mw)
        if mst==2:
            a=acts[ow]
            busy=any(h[0]==ow and h[1]==m for h in hs) or (a is not None and (a[2]==m or m in a[7]))
            if not busy: yield 'expire %d'%m,(head,n,sm(ms,m,1,-1,1),hs,acts,cr,sp,mw)
            elif sp>0: yield 'spurious expire %d'%m,(head,n,sm(ms,m,1,-1,1),hs,acts,cr,sp-1,mw)
    if cr>0:
        for w in range(W):
            if acts[w] is not None or any(h[0]==w for h in hs):
                yield 'crash w%d'%w,(head,n,ms,frozenset(h for h in hs if h[0]!=w),seta(acts,w,None),cr-1,sp,mw)
    for h in hs:
        w,m,pc,snap,rd=h; rest=hs-{h}; kind,reps=ms[m][0],ms[m][4]
        a=acts[w]
        if pc=='got':
            if a is not None and not intable(a): continue   # finishing its last ack
            if intable(a) and a[2]==m and rd!=1 and 'noadopt' not in FL: yield 'w%d adopts %d'%(w,m),(head,n,ms,rest,acts,cr,sp,mw)
            elif intable(a) and a[2]!=m and a[2] not in reps:
                if 'eageracklocal' in FL: yield 'w%d local %d acked'%(w,m),(head,n,ack(ms,m),rest,seta(acts,w,a[:5]+(True,)+a[6:]),cr,sp,mw)
                else: yield 'w%d local %d'%(w,m),(head,n,ms,rest,seta(acts,w,a[:5]+(True,a[6],a[7]|{m})),cr,sp,mw)
            elif intable(a):
                # its own token came again, or a wake says its token is void: give the run up without acking; then look again
                yield 'w%d gives up'%w,(head,n,ms,rest|{(w,m,'got',None,rd)},seta(acts,w,None),cr,sp,mw)
            elif kind=='n' and not rd: yield 'w%d lazy start'%w,(head,n,ms,rest,seta(acts,w,('run',0,0,1,0,True,0,frozenset())),cr,sp,mw)
            else: yield 'w%d reads head %d'%(w,m),(head,n,ms,rest|{(w,m,'dec',head,rd)},acts,cr,sp,mw)
        elif pc=='dec':
            st2,ho2,to2,ep2,fo2,sq2=snap
            if a is not None: yield 'recheck',(head,n,ms,rest|{(w,m,'got',None,rd)},acts,cr,sp,mw); continue
            mine = st2=='active' and (to2==m or to2 in reps)      # the message speaks for the lease that the head names
            if st2=='closed': yield 'w%d ack closed %d'%(w,m),(head,n,ack(ms,m),rest,acts,cr,sp,mw)
            elif st2=='none' and kind=='i': yield 'w%d ack none %d'%(w,m),(head,n,ack(ms,m),rest,acts,cr,sp,mw)
            elif st2=='active' and to2==m and rd!=1 and 'noguard' not in FL:
                b=acts[ho2]
                if b is not None and b[3]==ep2:
                    if 'ackguard' in FL: yield 'w%d acks guarded %d'%(w,m),(head,n,ack(ms,m),rest,acts,cr,sp,mw)
                    else: yield 'w%d guards %d'%(w,m),(head,n,ms,rest|{(w,m,'got',None,rd)},acts,cr,sp,mw)
                elif mw>0: yield 'w%d: guarded holder gone, wake'%w,(head,n,ack(wake(ms,reps|{m}),m),rest,acts,cr,sp,mw-1)
            elif st2=='active' and not mine:
                b=acts[ho2]
                if 'nopoke' in FL: yield 'blind ack',(head,n,ack(ms,m),rest,acts,cr,sp,mw)
                elif intable(b) and b[3]==ep2: yield 'w%d pokes w%d, ack %d'%(w,ho2,m),(head,n,ack(ms,m),rest,seta(acts,ho2,b[:5]+(True,)+b[6:]),cr,sp,mw)
                elif b is not None and b[3]==ep2 and b[0]=='ack': yield 'w%d asks again %d'%(w,m),(head,n,ms,rest|{(w,m,'got',None,rd)},acts,cr,sp,mw)
                elif mw>0: yield 'w%d: holder gone, wake'%w,(head,n,ack(wake(ms,reps|{to2,m}),m),rest,acts,cr,sp,mw-1)
            elif (rd==1 or rd==2 and st2!='none' and 'nostale' not in FL) and 'noexchange' not in FL:
                if mw>0: yield 'w%d exchanges %d'%(w,m),(head,n,ack(wake(ms,reps|{m}|({to2} if st2=='active' else set())),m),rest,acts,cr,sp,mw-1)
            else:
                if seq==sq2: yield 'w%d activates by %s%d'%(w,kind,m),(('active',w,m,ep2+1,fo2,seq+1),n,ms,rest,seta(acts,w,('run',seq+1,m,ep2+1,fo2,True,0,frozenset())),cr,sp,mw)
                else: yield 'w%d conflict %d'%(w,m),(head,n,ms,rest|{(w,m,'got',None,rd)},acts,cr,sp,mw)
    for w in range(W):
        a=acts[w]
        if a is None: continue
        pc,exp,tok,ep,fo,need,sn,held=a; ok=(seq==exp)
        def put(v): return seta(acts,w,v)
        def back(ms):
            for m in held: ms=nak(ms,m)
            return ms
        def drop(): return (head,n,back(ms),hs,put(None),cr,sp,mw)
        if pc=='run':
            if need: yield 'w%d reads inbox'%w,(head,n,ms,hs,put(('fold',exp,tok,ep,fo,False,n,held)),cr,sp,mw)
            if fo==K:
                if ok: yield 'w%d closes'%w,(('closed',w,tok,ep,fo,seq+1),n,ms,hs,put(('ack',0,tok,ep,0,False,0,held)),cr,sp,mw)
                else: yield 'w%d drops'%w,drop()
            elif not need:
                if ok: yield 'w%d suspends'%w,(('suspended',-1,-1,ep,fo,seq+1),n,ms,hs,put(('check',seq+1,tok,ep,fo,False,0,held)),cr,sp,mw)
                else: yield 'w%d drops'%w,drop()
        elif pc=='fold':
            if sn>fo:
                if ok:
                    ms2=ms
                    for m in held: ms2=ack(ms2,m)
                    yield 'w%d folds'%w,(('active',w,tok,ep,sn,seq+1),n,ms2,hs,put(('run',seq+1,tok,ep,sn,need,0,frozenset())),cr,sp,mw)
                else: yield 'w%d drops'%w,drop()
            else: yield 'w%d nothing new'%w,(head,n,ms,hs,put(('run',exp,tok,ep,fo,need,0,held)),cr,sp,mw)
        elif pc=='check':
            if 'nocheck' in FL or (n==fo and not need): yield 'w%d checked'%w,(head,n,ms,hs,put(('ack',0,tok,ep,0,False,0,held)),cr,sp,mw)
            elif n==fo: yield 'w%d check again'%w,(head,n,ms,hs,put(('check',exp,tok,ep,fo,False,0,held)),cr,sp,mw)
            elif mw>0: yield 'w%d checked: wake'%w,(head,n,wake(ms,{tok}),hs,put(('ack',0,tok,ep,0,False,0,held)),cr,sp,mw-1)
        elif pc=='ack':
            yield 'w%d acks %d'%(w,tok),(head,n,ack(back(ms),tok),hs,put(None),cr,sp,mw)
seen={init:None}; q=deque([init]); pred=defaultdict(list); good=set()
def trace(s):
    out=[]
    while seen[s]: lab,p=seen[s]; out.append(lab); s=p
    return out[::-1]
i4=None; cutset=set(); taken=[]
while q:
    s=q.popleft(); i=s[0]; head=i[0]
    if head[0]=='closed': good.add(s); continue
    if head[0]=='active' and i4 is None and i[2][head[2]][1]==3 and not any(m[0]=='w' and m[1]!=3 and head[2] in m[4] for m in i[2]): i4=s
    if head[5]>=MS: cutset.add(s); continue
    full=False
    for lab,t in succ(s):
        pred[t].append(s)
        if ' activates ' in lab and head[0]=='active' and i[5]==CR and i[6]==SP: taken.append(s)
        if t not in seen: seen[t]=(lab,s); q.append(t)
    if i[7]==0: cutset.add(s)
back=deque(good|cutset); can=set(back)
while back:
    t=back.popleft()
    for p in pred[t]:
        if p not in can: can.add(p); back.append(p)
stuck=[s for s in seen if s not in can]
print(' '.join(sys.argv[1:]),': states',len(seen),'closed',len(good),'cut',len(cutset),'STUCK %d'%len(stuck) if stuck else 'never stuck','| I4 broken' if i4 else '| I4 holds',*(['| healthy taken over: %d'%len(taken)] if FG else []))
if stuck:
    b=min(stuck,key=lambda s:len(trace(s))); print('  STUCK:',' | '.join(trace(b))); print('  ',b)
if taken: print('  taken over:',' | '.join(trace(min(taken,key=lambda s:len(trace(s))))))
if i4: print('  I4:',' | '.join(trace(i4)))
